//! `lab tour`: what this server does, shown by a client that talks to it over a private lab.

mod chapters;
mod client;
mod network;
mod page;
mod step;

use std::{
    io::{self, IsTerminal as _},
    time::{Duration, Instant},
};

use anyhow::Context as _;
use serde_json::json;

use client::{Answer, Client};
use network::{Network, SPEED};
use page::Page;
use step::{Call, Chapter, Memory, Place, Question, Step};

/// Enough routers for a batch, few enough to read the answer.
const ROUTERS: usize = 3;

/// A breath between an answer and the next question; to read in peace there is the terminal's scrollback.
const PAUSE: Duration = Duration::from_millis(200);

/// Between two looks at a router that something is expected of.
const LOOK_AGAIN: Duration = Duration::from_millis(100);

/// What is expected of a router comes in seconds, or something is wrong.
const PATIENCE: Duration = Duration::from_secs(30);

/// Gives the tour; says whether everything went as told.
pub(super) async fn run(fast: bool) -> anyhow::Result<bool> {
    let mut tour = Tour {
        inside: Client::start(&[format!("--lab={ROUTERS}")])?,
        network: None,
        page: Page::new(),
        pause: (!fast && io::stdout().is_terminal()).then_some(PAUSE),
        memory: Memory::default(),
        steps: 0,
        surprises: 0,
    };
    for (index, chapter) in chapters::ALL.iter().enumerate() {
        tour.chapter(index + 1, chapter).await?;
    }
    tour.end().await
}

struct Tour {
    inside: Client,
    /// Started when the first chapter needs it.
    network: Option<Network>,
    page: Page,
    pause: Option<Duration>,
    memory: Memory,
    steps: usize,
    surprises: usize,
}

impl Tour {
    async fn chapter(&mut self, number: usize, chapter: &Chapter) -> anyhow::Result<()> {
        self.page.chapter(number, chapter.title)?;
        if chapter.place == Place::Network && self.network.is_none() {
            self.network = Some(Network::start().await?);
            self.page.remark(&format!(
                "(another server, which reaches {ROUTERS} routers over SSH; their clock runs {SPEED} times as fast here)"
            ))?;
        }
        for step in chapter.steps {
            self.take(step, chapter.place).await?;
            if let Some(pause) = self.pause {
                tokio::time::sleep(pause).await;
            }
        }
        Ok(())
    }

    async fn take(&mut self, step: &Step, place: Place) -> anyhow::Result<()> {
        let question = (step.question)(&self.memory);
        self.page.question(step.title, &question)?;
        let answer = self.answer(&question, place).await?;
        self.page.answer(&answer, step.lines)?;
        self.steps += 1;
        if let Err(reason) = (step.judge)(&answer, &mut self.memory) {
            self.surprises += 1;
            self.page.surprise(&reason)?;
        }
        Ok(())
    }

    async fn answer(&mut self, question: &Question, place: Place) -> anyhow::Result<Answer> {
        match question {
            Question::Hello => self.client(place)?.greet().await,
            Question::Tools => self.client(place)?.ask("tools/list", &json!({})).await,
            Question::Call(call) => self.client(place)?.ask("tools/call", &call.params()).await,
            Question::Until(call, is_it) => {
                let page = self.page;
                wait(self.client(place)?, page, call, *is_it).await
            }
            Question::Colleague { router, user, line } => {
                let network = self.network.as_ref().context("there is no network")?;
                Ok(Answer::seen(&network.edit(router, user, line)?))
            }
        }
    }

    fn client(&mut self, place: Place) -> anyhow::Result<&mut Client> {
        match place {
            Place::Inside => Ok(&mut self.inside),
            Place::Network => Ok(&mut self.network.as_mut().context("there is no network")?.client),
        }
    }

    async fn end(self) -> anyhow::Result<bool> {
        self.inside.end().await?;
        if let Some(network) = self.network {
            network.end().await?;
        }
        self.page.end(self.steps, self.surprises)?;
        Ok(self.surprises == 0)
    }
}

/// Asks until the answer is the one waited for; the last one if it never comes.
async fn wait(client: &mut Client, page: Page, call: &Call, is_it: fn(&Answer) -> bool) -> anyhow::Result<Answer> {
    page.remark(&format!(
        "(waiting: a minute of the router takes {:.1} s here)",
        60.0 / f64::from(SPEED)
    ))?;
    let began = Instant::now();
    let mut asked = 0_u32;
    loop {
        let answer = client.ask("tools/call", &call.params()).await?;
        asked += 1;
        if is_it(&answer) || began.elapsed() > PATIENCE {
            page.remark(&format!(
                "(asked {asked} times in {:.1} s; the last answer:)",
                began.elapsed().as_secs_f64()
            ))?;
            return Ok(answer);
        }
        tokio::time::sleep(LOOK_AGAIN).await;
    }
}
