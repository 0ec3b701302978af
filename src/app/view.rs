//! What a caller may know of without a call: names, never contents.

use std::collections::BTreeSet;

use super::{App, Caller};

impl App {
    /// Whether a caller may use the tool of this name.
    pub(crate) fn offers(&self, caller: &Caller, tool: &str) -> bool {
        self.listed(caller).any(|spec| spec.name == tool)
    }

    /// The routers in a caller's scope, sorted.
    pub(crate) fn routers_of(&self, caller: &Caller) -> Vec<String> {
        let inventory = self.inventory();
        let routers = inventory.routers().filter(|router| caller.sees(router));
        let mut names: Vec<String> = routers.map(|router| router.name.clone()).collect();
        names.sort_unstable();
        names
    }

    /// Whether there is such a router in a caller's scope.
    pub(crate) fn has_router(&self, caller: &Caller, name: &str) -> bool {
        self.inventory().get(name).is_some_and(|router| caller.sees(router))
    }

    /// The tags of the routers in a caller's scope, sorted.
    pub(crate) fn tags_of(&self, caller: &Caller) -> BTreeSet<String> {
        let inventory = self.inventory();
        let routers = inventory.routers().filter(|router| caller.sees(router));
        routers.flat_map(|router| router.tags()).map(str::to_owned).collect()
    }

    /// The stored outputs of a caller, newest first.
    pub(crate) fn output_ids(&self, caller: &Caller) -> Vec<String> {
        self.services.outputs.ids(caller.owner())
    }

    /// The whole text of a stored output of this caller.
    pub(crate) fn stored_output(&self, caller: &Caller, id: &str) -> Option<String> {
        self.services.outputs.whole(caller.owner(), id)
    }

    /// Whether a job that a caller may know of runs in this process.
    pub(crate) fn runs_job(&self, caller: &Caller, id: &str) -> bool {
        let running = self.services.jobs.running(id).and_then(|job| job.begun());
        running.is_some_and(|record| caller.sees_job(&self.inventory(), &record))
    }

    /// Whether there is a job that a caller may know of.
    pub(crate) async fn has_job(&self, caller: &Caller, id: &str) -> bool {
        let record = self.services.jobs.record(id).await;
        record.is_some_and(|record| caller.sees_job(&self.inventory(), &record))
    }

    /// The jobs that a caller may know of, newest first.
    pub(crate) async fn job_ids(&self, caller: &Caller) -> Vec<String> {
        let inventory = self.inventory();
        let jobs = self.services.jobs.all().await.into_iter();
        let visible = jobs.filter(|record| caller.sees_job(&inventory, record));
        visible.map(|record| record.job_id).collect()
    }
}
