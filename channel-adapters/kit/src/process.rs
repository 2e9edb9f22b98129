//! A family that is another program: so that the conformance suite runs
//! against adapters in any language.
//!
//! One JSON object a line, question and answer in turn, on the program's
//! standard input and output; `docs/CONTRACT.md` ("Conformance") says what
//! stands in them.

use std::io::{self, BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};

use offercast_contract::{
    Channel, Claims, Facts, Instant, Mechanic, Projection, Reading, Sku, Template, Terms, View,
};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::family::{Artefact, Family, RenderError, Renderer, Shown, Switching, Unreadable};

/// A family whose rendering and reading another program does.
pub struct ProcessFamily {
    pipe: Arc<Pipe>,
    projection: Projection,
    switching: Switching,
}

/// Why a program cannot be spoken with.
#[derive(Debug, thiserror::Error)]
pub enum ProcessError {
    /// It does not start, or its pipes broke.
    #[error("the program cannot be spoken with: {0}")]
    Pipe(#[from] io::Error),
    /// It said something that is no answer.
    #[error("the program's answer makes no sense: {0}")]
    Answer(#[from] serde_json::Error),
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Question<'a> {
    Describe,
    ReadBack {
        artefact: String,
        channel: &'a Channel,
        view: &'a View,
    },
    Render {
        channel: &'a Channel,
        facts: &'a Facts,
        sku: &'a Sku,
        terms: &'a Terms,
        #[serde(skip_serializing_if = "Option::is_none")]
        until: Option<Instant>,
        view: &'a View,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Description {
    projection: Projection,
    switching: Switches,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Switches {
    AtBoundary,
    ByItself,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Rendered {
    Artefact(String),
    NotRepresentable(String),
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Read {
    Claims(Claims),
    Unreadable(String),
}

impl ProcessFamily {
    /// Starts the program and asks it what it can show. It is ended with the
    /// last of what was made of it.
    pub fn start(mut command: Command) -> Result<Self, ProcessError> {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let ends = child.stdin.take().zip(child.stdout.take());
        let (input, output) = ends.ok_or_else(|| io::Error::other("it has no pipes"))?;
        let pipe = Pipe {
            child: Mutex::new(child),
            ends: Mutex::new((input, BufReader::new(output))),
        };
        let described: Description = pipe.ask(&Question::Describe)?;
        Ok(Self {
            pipe: Arc::new(pipe),
            projection: described.projection,
            switching: match described.switching {
                Switches::AtBoundary => Switching::AtBoundary,
                Switches::ByItself => Switching::ByItself,
            },
        })
    }
}

/// The way to the program.
struct Pipe {
    child: Mutex<Child>,
    ends: Mutex<(ChildStdin, BufReader<ChildStdout>)>,
}

impl Pipe {
    fn ask<T: DeserializeOwned>(&self, question: &Question<'_>) -> Result<T, ProcessError> {
        let mut ends = self.ends.lock().unwrap_or_else(PoisonError::into_inner);
        let (input, output) = &mut *ends;
        let mut line = serde_json::to_string(question)?;
        line.push('\n');
        input.write_all(line.as_bytes())?;
        input.flush()?;
        let mut answer = String::new();
        if output.read_line(&mut answer)? == 0 {
            return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into());
        }
        Ok(serde_json::from_str(&answer)?)
    }
}

impl Drop for Pipe {
    fn drop(&mut self) {
        let child = self.child.get_mut().unwrap_or_else(PoisonError::into_inner);
        // It may have ended by itself, which is as good.
        let _ = child.kill();
        let _ = child.wait();
    }
}

impl Family for ProcessFamily {
    fn name(&self) -> &'static str {
        "process"
    }

    fn media_type(&self) -> &'static str {
        "application/octet-stream"
    }

    fn switching(&self) -> Switching {
        self.switching
    }

    fn projection(&self) -> Projection {
        self.projection.clone()
    }

    /// What the program charges is not part of conformance.
    fn can_charge(&self, _: &Mechanic) -> Result<(), String> {
        Ok(())
    }

    /// The program has its templates itself.
    fn compile(&self, _: &Template) -> Result<Box<dyn Renderer>, RenderError> {
        Ok(Box::new(Outside(Arc::clone(&self.pipe))))
    }

    fn read_back(
        &self,
        channel: &Channel,
        view: &View,
        artefact: &Artefact,
    ) -> Result<Reading, Unreadable> {
        let question = Question::ReadBack {
            artefact: to_hex(&artefact.body),
            channel,
            view,
        };
        match self.pipe.ask(&question) {
            Ok(Read::Claims(claims)) => Ok(claims),
            Ok(Read::Unreadable(reason)) => Err(Unreadable(reason)),
            Err(error) => Err(Unreadable(error.to_string())),
        }
    }
}

struct Outside(Arc<Pipe>);

impl Renderer for Outside {
    fn render(&self, shown: &Shown<'_>) -> Result<Artefact, RenderError> {
        let question = Question::Render {
            channel: shown.channel,
            facts: shown.facts,
            sku: shown.sku,
            terms: shown.terms,
            until: shown.until,
            view: shown.view,
        };
        let failed = |reason: String| RenderError::Template {
            name: "the program".to_owned(),
            reason,
        };
        match self.0.ask(&question) {
            Ok(Rendered::Artefact(hex)) => from_hex(&hex)
                .map(|body| Artefact { body })
                .ok_or_else(|| failed("its artefact is not hexadecimal".to_owned())),
            Ok(Rendered::NotRepresentable(reason)) => Err(RenderError::NotRepresentable(reason)),
            Err(error) => Err(failed(error.to_string())),
        }
    }
}

fn to_hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    if !text.is_ascii() || text.len() % 2 == 1 {
        return None;
    }
    (0..text.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&text[at..at + 2], 16).ok())
        .collect()
}
