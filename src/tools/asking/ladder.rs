//! The rungs before something is done: a plan with a token, a person, or neither, as effect and operator want it.

use super::{ConfirmPolicy, Digest, Plan, Stop, plan::KEY};
use crate::{
    audit::Confirmed as Recorded,
    tools::{call::Call, code::Code, failure::Failure, spec::Effect},
};

/// What a refusal leaves behind.
const UNCHANGED: &str = "nothing was changed";

/// What stands between a call and what it does. Asked for before a router is contacted.
pub(crate) struct Ladder {
    call: Call,
    /// The token of the call and the plan it was given out for.
    token: Option<(String, Digest)>,
    needed: bool,
}

impl Call {
    /// What has to be confirmed before this call does anything, once what it brings with it can be used at all.
    pub(crate) fn ladder(&self) -> Result<Ladder, Failure> {
        let (dialogue, services) = (self.dialogue(), self.services());
        let token = match &dialogue.plan_token {
            None => None,
            Some(token) => {
                let plan = services.register.plan(token, self.caller().owner());
                Some((token.clone(), plan.map_err(|unusable| unusable.failure())?))
            }
        };
        self.refuse_declined(KEY, UNCHANGED)?;
        let destroys = self.spec().effect == Effect::Destroy;
        let policy = services.settings.confirm;
        let needed = destroys || policy >= ConfirmPolicy::Commits;
        if needed && policy == ConfirmPolicy::Strict && !dialogue.can_ask {
            return Err(unavailable(self));
        }
        if destroys && dialogue.confirm && token.is_none() {
            return Err(token_required(self));
        }
        Ok(Ladder {
            call: self.clone(),
            token,
            needed,
        })
    }
}

impl Ladder {
    /// Whether a plan is to be made at all.
    pub(crate) fn is_needed(&self) -> bool {
        self.needed
    }

    /// Returns once the plan is confirmed; ends the run with a question or an offer otherwise. What confirms it is used up.
    pub(crate) fn confirm(self, plan: Plan) -> Result<(), Stop> {
        let Ladder { call, token, needed } = self;
        if !needed {
            return Ok(());
        }
        let dialogue = call.dialogue();
        let digest = plan.digest(&call);
        if token.as_ref().is_some_and(|(_, shown)| *shown != digest) {
            return Err(drifted(&call, plan, digest)?.into());
        }
        let is_first = call.spec().effect == Effect::Destroy && !dialogue.confirm;
        if is_first || token.is_none() && !dialogue.can_ask {
            return Err(plan.offer(&call, digest)?.into());
        }
        if dialogue.can_ask {
            by_person(&call, plan, digest)?;
        }
        if let Some((token, _)) = token {
            let register = &call.services().register;
            let used = register.use_token(&token, call.caller().owner(), call.id());
            used.map_err(|unusable| unusable.failure())?;
        }
        call.notes().confirmed(match dialogue.can_ask {
            true => Recorded::ByPerson,
            false => Recorded::ByPlan,
        });
        Ok(())
    }
}

fn by_person(call: &Call, plan: Plan, digest: Digest) -> Result<(), Stop> {
    let given = call.dialogue().answers.to(KEY);
    if given.is_some_and(|answer| answer.digest != digest) {
        return Err(drifted(call, plan, digest)?.into());
    }
    let answer = call.ask(plan.question(digest))?;
    if answer.refuses() {
        return Err(answer.refusal(UNCHANGED).into());
    }
    Ok(())
}

/// What was confirmed is not what would be done now: the new plan is told, and can be confirmed in its turn.
fn drifted(call: &Call, plan: Plan, digest: Digest) -> Result<Failure, Failure> {
    let offer = plan.offer(call, digest)?;
    let failure = Failure::new(
        Code::ConfirmationPlanDrift,
        format!(
            "what {} would do now is not what was confirmed; nothing was changed",
            call.spec().name
        ),
    );
    Ok(failure
        .hint(offer.next())
        .shown(offer.words.clone())
        .known("plan", offer.plan.clone())
        .known("expires_at", offer.until())
        .known("plan_token", offer.plan_token))
}

fn unavailable(call: &Call) -> Failure {
    let text = format!(
        "{} needs a person to confirm it, and this client can ask nobody",
        call.spec().name
    );
    Failure::new(Code::ConfirmationUnavailable, text)
        .hint("nothing was sent; use a client that can put a form before its user (elicitation), or ask the operator")
}

fn token_required(call: &Call) -> Failure {
    let text = format!(
        "{} with confirm needs the plan_token of the plan that is confirmed",
        call.spec().name
    );
    Failure::new(Code::ConfirmationTokenRequired, text).hint(
        "nothing was sent; call it without confirm first, show the plan to the user, then repeat it with plan_token",
    )
}
