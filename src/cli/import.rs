//! `offercast import`.

use std::fs::File;
use std::process::ExitCode;

use indicatif::{ProgressBar, ProgressStyle};
use offercast_usecases::import::{self, Import, ImportError, ImportReport, Mapping, Progress};

use super::args::ImportArgs;
use super::publish::AUTHOR;
use super::{Failure, say};
use crate::config::Config;
use crate::runtime::server::start_recording_engine;
use crate::runtime::{block_on, open_broker, open_store, require_schema};

/// The mapping for statutory price lists as Croatian chains publish them.
const CROATIA: &str = include_str!("../../templates/imports/hr.toml");

/// Wrong rows printed at the most.
const PRINTED_ISSUES: usize = 20;

pub(super) fn run(config: &Config, args: ImportArgs) -> Result<ExitCode, Failure> {
    let in_file = |error: std::io::Error| Failure::new(format!("{}: {error}", args.file.display()));
    let file = File::open(&args.file).map_err(in_file)?;
    let bytes = file.metadata().map_err(in_file)?.len();
    let gzip = args
        .file
        .extension()
        .is_some_and(|extension| extension == "gz");
    let import = request(&args)?;
    let bar = progress_bar(bytes);
    let shown = bar.clone();
    let done = block_on(async {
        let store = open_store(config)?;
        require_schema(&store)?;
        let engine =
            start_recording_engine(store, open_broker(config, "offercast import")?).await?;
        let progress = move |progress| show(&shown, progress);
        Ok(import::run(&engine, import, Box::new(file), gzip, progress).await)
    })?;
    bar.finish_and_clear();
    match done {
        Ok(report) if args.json => {
            say(serde_json::to_string_pretty(&report)?);
            Ok(ExitCode::SUCCESS)
        }
        Ok(report) => {
            print(&report, args.dry_run);
            Ok(ExitCode::SUCCESS)
        }
        Err(ImportError::Rows { errors, total }) => {
            for issue in errors.iter().take(PRINTED_ISSUES) {
                say(format!(
                    "row {}, column {}: {}",
                    issue.row, issue.column, issue.reason
                ));
            }
            Err(Failure::new(format!(
                "{total} things are wrong with {}; nothing was imported",
                args.file.display()
            )))
        }
        Err(error) => Err(Failure::of(&error)),
    }
}

fn request(args: &ImportArgs) -> Result<Import, Failure> {
    let mapping = match &args.mapping {
        None => Mapping::parse(CROATIA)?,
        Some(path) => {
            let text = std::fs::read_to_string(path)
                .map_err(|error| Failure::new(format!("{}: {error}", path.display())))?;
            Mapping::parse(&text)?
        }
    };
    let name = args
        .file
        .file_name()
        .map(|name| name.to_string_lossy().into_owned());
    Ok(Import {
        author: AUTHOR.to_owned(),
        complete_for: args.complete_for.clone(),
        create_zones: args.create_zones,
        dry_run: args.dry_run,
        effective: args.effective,
        idempotency: None,
        mapping,
        market: args.market.clone(),
        reason: args
            .reason
            .clone()
            .unwrap_or_else(|| format!("import of {}", name.unwrap_or_default())),
    })
}

fn progress_bar(bytes: u64) -> ProgressBar {
    // Hidden by the library where standard error is no terminal.
    let style = ProgressStyle::with_template("{bar:40} {bytes}/{total_bytes} {msg}");
    let bar = ProgressBar::new(bytes);
    style.map_or(bar.clone(), |style| bar.with_style(style))
}

fn show(bar: &ProgressBar, progress: Progress) {
    match progress {
        Progress::Reading { bytes, rows } => {
            bar.set_position(bytes);
            bar.set_message(format!("{rows} rows read"));
        }
        Progress::Recording { rows } => bar.set_message(format!("{rows} rows are being recorded")),
    }
}

fn print(report: &ImportReport, dry_run: bool) {
    say(format!(
        "{} rows, {} SKUs, {} zones",
        report.rows, report.skus, report.zones
    ));
    match report.revision {
        Some(number) => say(format!("recorded as revision {number}")),
        None if dry_run => say(format!(
            "dry run: {} rows of the source of truth would change",
            report.changes
        )),
        None => say("nothing changes: no revision"),
    }
    for warning in report.warnings.iter().take(PRINTED_ISSUES) {
        say(format!("warning: {warning}"));
    }
    if report.notices_total > 0 {
        say(format!("{} notices:", report.notices_total));
    }
    for issue in report.notices.iter().take(PRINTED_ISSUES) {
        say(format!(
            "  row {}, column {}: {}",
            issue.row, issue.column, issue.reason
        ));
    }
    if report.notices_total as usize > PRINTED_ISSUES {
        say("  … (--json prints up to 100)");
    }
}
