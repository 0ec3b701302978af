//! Every row of the table of events, on a document that is a set of words.

use std::collections::BTreeSet;

use chrono::TimeDelta;

use super::*;

#[derive(Debug, Clone, PartialEq, Eq)]
struct Words(BTreeSet<&'static str>);

impl Document for Words {
    fn merged(base: &Self, mine: &Self, theirs: &Self) -> (Self, bool) {
        let added: BTreeSet<_> = mine.0.difference(&base.0).copied().collect();
        let removed: BTreeSet<_> = base.0.difference(&mine.0).copied().collect();
        let kept = theirs.0.difference(&removed).copied();
        let conflict = base != theirs
            && added
                .iter()
                .any(|word| !base.0.contains(word) && theirs.0.contains(word));
        (Self(kept.chain(added).collect()), conflict)
    }
}

fn words(list: &'static str) -> Words {
    Words(list.split_whitespace().collect())
}

const START: DateTime<Utc> = DateTime::UNIX_EPOCH;

fn later(seconds: i64) -> DateTime<Utc> {
    START + TimeDelta::seconds(seconds)
}

fn session(id: u32) -> Editor {
    Editor {
        id,
        user: format!("user{id}"),
        terminal: None,
        since: START,
    }
}

struct Bench {
    databases: Databases<Words>,
    one: Editor,
    two: Editor,
}

impl Bench {
    fn new() -> Self {
        Self {
            databases: Databases::new(words("a"), START),
            one: session(1),
            two: session(2),
        }
    }

    fn edit(&mut self, who: u32, to: &'static str) -> Result<(), Refusal> {
        self.databases.edit(&session(who), words(to), later(1))
    }

    fn commit(&mut self, who: u32, window: Option<Window>) -> Result<(), Refusal> {
        let who = session(who);
        let configuration = self.databases.committable(&who, window.is_some())?;
        let origin = Origin {
            user: who.user.clone(),
            client: "netconf",
            log: None,
        };
        self.databases.activate(&who, configuration, origin, window, later(10));
        Ok(())
    }

    fn active(&self) -> String {
        let words: Vec<_> = self.databases.history().active().0.iter().copied().collect();
        words.join(" ")
    }

    fn commits(&self) -> usize {
        self.databases.history().commits().count()
    }
}

#[test]
fn edits_without_lock_are_seen_by_all_and_survive_the_session() {
    let mut bench = Bench::new();
    bench.edit(1, "a b").unwrap();
    assert_eq!(bench.databases.seen_by(&bench.two), &words("a b"));
    bench.databases.end(1, later(2));
    assert!(bench.databases.is_dirty());
    bench.commit(2, None).unwrap();
    assert_eq!((bench.active(), bench.commits()), ("a b".to_owned(), 2));
    assert!(!bench.databases.is_dirty());
}

#[test]
fn a_lock_keeps_others_out_and_ends_with_its_session() {
    let mut bench = Bench::new();
    bench.databases.lock(&bench.one).unwrap();
    assert_eq!(bench.databases.lock(&bench.one), Err(Refusal::AlreadyOpen));
    let held = Err(Refusal::LockedBy(bench.one.clone()));
    assert_eq!(bench.databases.lock(&bench.two), held);
    assert_eq!(bench.edit(2, "x"), held);
    assert_eq!(bench.commit(2, None), held);
    bench.edit(1, "a b").unwrap();
    bench.databases.end(1, later(2));
    assert!(!bench.databases.is_dirty());
    bench.databases.lock(&bench.two).unwrap();
    assert_eq!(bench.databases.editors(), [(bench.two.clone(), true)]);
}

#[test]
fn a_lock_needs_a_clean_candidate_and_unlocking_discards() {
    let mut bench = Bench::new();
    assert_eq!(bench.databases.unlock(&bench.one), Err(Refusal::NotOpen));
    assert_eq!(bench.databases.close(&bench.one), Err(Refusal::NotOpen));
    bench.edit(2, "a b").unwrap();
    assert_eq!(bench.databases.lock(&bench.one), Err(Refusal::Modified));
    assert_eq!(bench.databases.open_private(&bench.one), Err(Refusal::SharedModified));
    bench.databases.restore(&bench.one, words("a"), later(3)).unwrap();
    bench.databases.lock(&bench.one).unwrap();
    bench.edit(1, "a c").unwrap();
    assert_eq!(bench.databases.unlock(&bench.two), Err(Refusal::NotOpen));
    bench.databases.unlock(&bench.one).unwrap();
    assert_eq!(bench.databases.shared(), &words("a"));
    assert!(bench.databases.editors().is_empty());
}

#[test]
fn a_private_copy_is_alone_and_merges_at_commit() {
    let mut bench = Bench::new();
    bench.databases.lock(&bench.two).unwrap();
    bench.databases.open_private(&bench.one).unwrap();
    assert_eq!(bench.databases.open_private(&bench.one), Err(Refusal::AlreadyOpen));
    bench.edit(1, "a p").unwrap();
    assert_eq!(bench.databases.shared(), &words("a"));
    assert_eq!(bench.commit(1, None), Err(Refusal::LockedBy(bench.two.clone())));
    bench.edit(2, "a s").unwrap();
    bench.commit(2, None).unwrap();
    bench.databases.unlock(&bench.two).unwrap();
    assert_eq!(
        bench.commit(1, Some(Window::Minutes(5))),
        Err(Refusal::ConfirmedInPrivate)
    );
    bench.commit(1, None).unwrap();
    assert_eq!(bench.active(), "a p s");
    bench.edit(1, "a").unwrap();
    bench.databases.close(&bench.one).unwrap();
    assert_eq!(bench.databases.seen_by(&bench.one), &words("a p s"));
}

#[test]
fn a_private_commit_waits_for_a_clean_candidate_and_overrides_the_second_time() {
    let mut bench = Bench::new();
    bench.databases.open_private(&bench.one).unwrap();
    bench.edit(1, "a x").unwrap();
    bench.edit(2, "a x y").unwrap();
    assert_eq!(bench.commit(1, None), Err(Refusal::SharedModified));
    bench.commit(2, None).unwrap();
    assert_eq!(bench.commit(1, None), Err(Refusal::Conflict));
    bench.commit(1, None).unwrap();
    assert_eq!(bench.active(), "a x y");
}

#[test]
fn a_private_copy_ends_with_its_session() {
    let mut bench = Bench::new();
    bench.databases.open_private(&bench.one).unwrap();
    bench.edit(1, "a p").unwrap();
    bench.databases.end(1, later(2));
    assert_eq!(bench.databases.seen_by(&bench.one), &words("a"));
}

#[test]
fn a_commit_without_change_is_a_commit() {
    let mut bench = Bench::new();
    bench.commit(1, None).unwrap();
    assert_eq!(bench.commits(), 2);
}

#[test]
fn a_native_window_outlives_its_session_and_ends_by_itself() {
    let mut bench = Bench::new();
    bench.edit(1, "a b").unwrap();
    bench.commit(1, Some(Window::Minutes(5))).unwrap();
    bench.databases.end(1, later(20));
    assert_eq!(bench.databases.pending().unwrap().deadline, later(310));
    bench.databases.expire(later(311));
    assert_eq!(bench.active(), "a b");
    bench.databases.expire(later(312));
    assert_eq!((bench.active(), bench.commits()), ("a".to_owned(), 3));
    let last = bench.databases.history().last();
    assert_eq!((last.user.as_str(), last.client), ("root", "other"));
    assert!(bench.databases.pending().is_none());
    assert!(bench.databases.steps().contains(&Transition::RolledBack));
}

#[test]
fn any_commit_or_check_confirms_a_native_window() {
    for confirm_by_check in [true, false] {
        let mut bench = Bench::new();
        bench.edit(1, "a b").unwrap();
        bench.commit(1, Some(Window::Minutes(1))).unwrap();
        match confirm_by_check {
            true => bench.databases.checked(),
            false => bench.commit(2, None).unwrap(),
        }
        bench.databases.expire(later(9999));
        assert_eq!(bench.active(), "a b");
        assert_eq!(bench.commits(), if confirm_by_check { 2 } else { 3 });
        assert_eq!(bench.databases.steps().last(), Some(&Transition::Confirmed));
    }
}

#[test]
fn a_base_window_ends_with_its_session_and_no_check_confirms_it() {
    let mut bench = Bench::new();
    bench.edit(1, "a b").unwrap();
    bench.commit(1, Some(Window::Seconds(600))).unwrap();
    bench.databases.checked();
    assert!(bench.databases.pending().is_some());
    bench.databases.end(2, later(12));
    assert_eq!(bench.active(), "a b");
    bench.databases.end(1, later(13));
    assert_eq!(bench.active(), "a");
}

#[test]
fn a_second_window_restarts_the_time_and_keeps_the_way_back() {
    let mut bench = Bench::new();
    bench.edit(1, "a b").unwrap();
    bench.commit(1, Some(Window::Minutes(1))).unwrap();
    bench.edit(1, "a b c").unwrap();
    bench.commit(1, Some(Window::Minutes(2))).unwrap();
    bench.databases.expire(later(75));
    assert_eq!(bench.active(), "a b c");
    bench.databases.expire(later(200));
    assert_eq!(bench.active(), "a");
}

#[test]
fn an_automatic_rollback_keeps_the_edits_of_others() {
    let mut bench = Bench::new();
    bench.edit(1, "a b").unwrap();
    bench.commit(1, Some(Window::Minutes(1))).unwrap();
    bench.edit(2, "a b c").unwrap();
    bench.databases.expire(later(200));
    assert_eq!(bench.databases.shared(), &words("a c"));
}

#[test]
fn killing_a_session_takes_its_edits_and_its_pending_commit() {
    let mut bench = Bench::new();
    bench.edit(1, "a b").unwrap();
    bench.commit(1, Some(Window::Minutes(5))).unwrap();
    bench.edit(1, "a b c").unwrap();
    bench.databases.kill(1, later(20));
    assert_eq!((bench.active(), bench.databases.is_dirty()), ("a".to_owned(), false));
}

#[test]
fn the_next_event_is_the_end_of_the_window() {
    let mut bench = Bench::new();
    assert_eq!(bench.databases.next_event(START), None);
    bench.commit(1, Some(Window::Minutes(1))).unwrap();
    assert_eq!(bench.databases.next_event(later(10)), Some(Duration::from_secs(62)));
}

#[test]
fn a_router_that_starts_again_reverts_what_was_not_confirmed_and_frees_what_was_held() {
    let mut bench = Bench::new();
    bench.edit(1, "a b").unwrap();
    bench.commit(1, Some(Window::Minutes(5))).unwrap();
    bench.databases.lock(&bench.two).unwrap();
    bench.databases.open_private(&bench.one).unwrap();
    bench.databases.restart(later(60));
    assert_eq!(
        (bench.active(), bench.databases.pending().is_none()),
        ("a".to_owned(), true)
    );
    assert!(bench.databases.editors().is_empty());
    bench.databases.lock(&bench.one).unwrap();
}

#[test]
fn killing_a_holder_frees_its_lock_and_its_private_copy() {
    let mut bench = Bench::new();
    bench.databases.lock(&bench.one).unwrap();
    bench.edit(1, "a b").unwrap();
    bench.databases.open_private(&bench.two).unwrap_err();
    bench.databases.kill(1, later(2));
    assert!(!bench.databases.is_dirty());
    bench.databases.open_private(&bench.two).unwrap();
    bench.edit(2, "a p").unwrap();
    bench.databases.kill(2, later(3));
    assert_eq!(bench.databases.seen_by(&bench.two), &words("a"));
    bench.databases.lock(&bench.two).unwrap();
}

#[test]
fn killing_somebody_else_leaves_edits_and_windows_alone() {
    let mut bench = Bench::new();
    bench.edit(1, "a b").unwrap();
    bench.commit(1, Some(Window::Minutes(5))).unwrap();
    bench.edit(1, "a b c").unwrap();
    bench.databases.kill(2, later(20));
    assert_eq!(bench.databases.shared(), &words("a b c"));
    assert!(bench.databases.pending().is_some());
}

#[test]
fn a_check_that_fails_confirms_nothing() {
    let mut bench = Bench::new();
    bench.edit(1, "a b").unwrap();
    bench.commit(1, Some(Window::Minutes(1))).unwrap();
    bench.databases.check_failed();
    bench.databases.expire(later(9999));
    assert_eq!(bench.active(), "a");
}

#[test]
fn a_second_window_after_the_first_ran_out_has_a_way_back_of_its_own() {
    let mut bench = Bench::new();
    bench.edit(1, "a b").unwrap();
    bench.commit(1, Some(Window::Minutes(1))).unwrap();
    bench.databases.expire(later(100));
    bench.edit(2, "a c").unwrap();
    bench.commit(2, Some(Window::Seconds(600))).unwrap();
    bench.databases.end(2, later(200));
    assert_eq!((bench.active(), bench.commits()), ("a".to_owned(), 5));
}

#[test]
fn a_rollback_by_anybody_wipes_what_others_had_edited() {
    let mut bench = Bench::new();
    bench.edit(1, "a b").unwrap();
    bench.databases.restore(&bench.two, words("a"), later(3)).unwrap();
    assert!(!bench.databases.is_dirty() && bench.databases.editors().is_empty());
    bench.databases.lock(&bench.one).unwrap();
    let held = Err(Refusal::LockedBy(bench.one.clone()));
    assert_eq!(bench.databases.restore(&bench.two, words("a"), later(4)), held);
}
