//! `lab tour`: what this server does, shown by a client that talks to it over a private lab.

mod chapters;
mod client;
mod page;
mod step;

use std::{
    io::{self, IsTerminal as _},
    time::Duration,
};

use client::Client;
use page::Page;
use step::{Memory, Step};

/// Enough routers for a batch, few enough to read the answer.
const ROUTERS: usize = 3;

/// Time to read an answer before the next one comes.
const PAUSE: Duration = Duration::from_millis(1500);

/// Gives the tour; says whether everything went as told.
pub(super) async fn run(fast: bool) -> anyhow::Result<bool> {
    let pause = (!fast && io::stdout().is_terminal()).then_some(PAUSE);
    let mut tour = Tour {
        client: Client::start(ROUTERS)?,
        page: Page::new(),
        memory: Memory::default(),
        steps: 0,
        surprises: 0,
    };
    for (index, chapter) in chapters::ALL.iter().enumerate() {
        tour.page.chapter(index + 1, chapter.title)?;
        for step in chapter.steps {
            tour.take(step).await?;
            if let Some(pause) = pause {
                tokio::time::sleep(pause).await;
            }
        }
    }
    tour.client.end().await?;
    tour.page.end(tour.steps, tour.surprises)?;
    Ok(tour.surprises == 0)
}

struct Tour {
    client: Client,
    page: Page,
    memory: Memory,
    steps: usize,
    surprises: usize,
}

impl Tour {
    async fn take(&mut self, step: &Step) -> anyhow::Result<()> {
        let question = (step.question)(&self.memory);
        self.page.question(step.title, &question)?;
        let answer = self.client.ask(question.method, &question.params).await?;
        if question.method == "initialize" {
            self.client.tell("notifications/initialized").await?;
        }
        self.page.answer(&answer, step.lines)?;
        self.steps += 1;
        if let Err(reason) = (step.judge)(&answer, &mut self.memory) {
            self.surprises += 1;
            self.page.surprise(&reason)?;
        }
        Ok(())
    }
}
