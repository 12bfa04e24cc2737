//! A run: the ground it stands on, its rows one after the other, and what is left of it.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::bed::{Bed, Beds, Kind};
use super::broken::{Broken, Result};
use super::figure::Figure;
use super::plant::{Plan, Planted, plant};
use super::process::Server;
use super::wire::{Line, Ready, Request};
use super::{Run, machine, plot, report, rows, site};

/// A run's stores lie in a folder of this name and its process.
const WORK: &str = "work-";

/// What all rows of a run share.
pub(super) struct Ground {
    pub(super) beds: Beds,
    pub(super) seconds: f64,
    pub(super) repeat: usize,
    pub(super) quick: bool,
    pub(super) seed: u64,
    pub(super) streams: usize,
    /// The large site: how large it shall be, and where it lies once a row has asked for it.
    pub(super) large_plan: Plan,
    large: Option<(Bed, Planted)>,
    /// How often a load generator was started.
    pub(super) loads: u64,
    raw: Vec<Value>,
    pub(super) plots: Vec<plot::Plot>,
}

/// Runs the rows that are asked for and leaves a table, a JSON and plots.
pub(super) async fn run(options: Run) -> Result<()> {
    let rows = rows::chosen(&options.only)?;
    fs::create_dir_all(&options.out)?;
    sweep(&options.out)?;
    let folder = options.out.join(format!("{WORK}{}", std::process::id()));
    fs::create_dir_all(&folder)?;
    let mut ground = Ground::of(&options, folder.canonicalize()?);
    let noise = machine::noise().await;
    for line in &noise {
        ground.say(&format!("not quiet: {line}"));
    }
    let mut figures = Vec::new();
    let mut broken = Vec::new();
    for row in rows {
        ground.say(row.name);
        match rows::measure(row, &mut ground).await {
            Ok(found) => {
                // A long run shows what it has; the whole stands at its end.
                eprint!("{}", report::table(&found));
                figures.extend(found);
            }
            Err(error) => {
                ground.say(&format!("  did not work: {error}"));
                figures.push(Figure::absent(row.name, row.title, "", &format!("did not work: {error}")));
                broken.push(row.name);
            }
        }
    }
    if options.only.is_empty() {
        figures.extend(rows::not_built());
    }
    ground.leave().await?;
    fs::remove_dir_all(&folder)?;
    let done = json!({
        "commit": machine::commit(),
        "time": machine::now(),
        "seed": options.seed,
        "settings": ground.settings(),
        "machine": machine::describe(),
        "noise": noise,
        "figures": figures,
        "raw": ground.raw,
    });
    report::leave(&options, &done, &figures, &ground.plots)?;
    if broken.is_empty() {
        Ok(())
    } else {
        Err(Broken(format!("rows that did not work: {}", broken.join(", "))))
    }
}

/// Takes away what runs left that were broken off.
fn sweep(out: &Path) -> Result<()> {
    for entry in fs::read_dir(out)? {
        let path = entry?.path();
        let process = path.file_name().and_then(|name| name.to_str()?.strip_prefix(WORK));
        if process.is_some_and(|process| !Path::new("/proc").join(process).exists()) {
            fs::remove_dir_all(path)?;
        }
    }
    Ok(())
}

impl Ground {
    fn of(options: &Run, folder: PathBuf) -> Ground {
        let pick = |quick, usual, full| match (options.quick, options.full) {
            (true, _) => quick,
            (_, true) => full,
            (false, false) => usual,
        };
        let large_plan = Plan {
            pages: options.pages.unwrap_or(pick(200, 2_000, 10_000)),
            blocks: 20,
            commits: options.commits.unwrap_or(pick(2_000, 100_000, 1_000_000)),
            seed: options.seed,
        };
        Ground {
            beds: Beds::of(folder, options.postgres.clone()),
            seconds: options.seconds.unwrap_or(if options.quick { 0.5 } else { 2.0 }),
            repeat: options.repeat.unwrap_or(if options.quick { 1 } else { 5 }).max(1),
            quick: options.quick,
            seed: options.seed,
            streams: options.streams.unwrap_or(if options.quick { 100 } else { 1_000 }),
            large_plan,
            large: None,
            loads: 0,
            raw: Vec::new(),
            plots: Vec::new(),
        }
    }

    fn settings(&self) -> Value {
        json!({
            "secondsEach": self.seconds,
            "repetitions": self.repeat,
            "quick": self.quick,
            "largePages": self.large_plan.pages,
            "largeCommits": self.large_plan.commits,
            "streams": self.streams,
            "postgres": self.beds.postgres.is_some(),
        })
    }

    /// A line about where the run is.
    pub(super) fn say(&self, line: &str) {
        eprintln!("bench: {line}");
    }

    /// Keeps a raw figure.
    pub(super) fn keep(&mut self, row: &str, name: &str, repetition: usize, sample: &impl serde::Serialize) {
        self.raw.push(json!({"row": row, "of": name, "repetition": repetition, "sample": sample}));
    }

    /// A fresh store with a site on it.
    pub(super) async fn planted(&mut self, kind: Kind, plan: Plan) -> Result<(Bed, Planted)> {
        let bed = self.beds.fresh(kind).await?;
        let planted = plant(&bed, Plan { seed: self.seed, ..plan }).await?;
        Ok((bed, planted))
    }

    /// The large site on SQLite; it is made once a run.
    pub(super) async fn large(&mut self) -> Result<(Bed, Planted)> {
        if let Some(large) = &self.large {
            return Ok(large.clone());
        }
        let (pages, commits) = (self.large_plan.pages, self.large_plan.commits);
        self.say(&format!("  makes the large site: {pages} pages of 20 blocks, {commits} commits"));
        let large = self.planted(Kind::Sqlite, self.large_plan).await?;
        self.say(&format!("  that took {:.1} s", large.1.seconds));
        self.large = Some(large.clone());
        Ok(large)
    }

    /// `osier serve` on a store, ready to answer, its site open.
    pub(super) async fn serve(&self, bed: &Bed, token: &str) -> Result<Server> {
        let mut server = self.spawn(&["serve", "--database", &bed.url])?;
        match server.ready(&site::get(token, 0, None)).await? {
            200 => Ok(server),
            status => Err(Broken(format!("a server answers {status} for its first page"))),
        }
    }

    /// A server that need not answer yet.
    pub(super) fn spawn(&self, arguments: &[&str]) -> Result<Server> {
        Server::spawn(arguments, &self.beds.folder.join("servers.log"))
    }

    /// The bare append server, on a store of its own in which Osier wrote one such op; and the token it takes, as long as
    /// any other.
    pub(super) async fn bare_append(&mut self, kind: Kind) -> Result<(Server, String)> {
        let plan = Plan { commits: 1, ..super::plant::SMALL };
        let (bed, planted) = self.planted(kind, plan).await?;
        let server = self.serve(&bed, &planted.token).await?;
        let op = site::post("op", &planted.token, &site::heading(0));
        let length = ask(&server, &op).await?.len().to_string();
        server.stop().await?;
        let header = format!("Bearer {}", planted.token);
        let arguments = ["--database", &bed.url, "--authorization", &header, "--answer-bytes", &length];
        let mut bare = self.spawn(&[&["bench", "bare"], &arguments[..]].concat())?;
        match bare.ready(&op).await? {
            200 => Ok((bare, planted.token)),
            status => Err(Broken(format!("the bare append server answers {status}"))),
        }
    }

    async fn leave(&mut self) -> Result<()> {
        match self.large.take() {
            Some((bed, _)) => bed.remove(&self.beds).await,
            None => Ok(()),
        }
    }
}

/// Asks once, over a connection of its own; the body of a success.
pub(super) async fn ask(server: &Server, request: &Request) -> Result<Vec<u8>> {
    let mut line = Line::to(&server.addr).await?;
    let mut ready = Ready::of(request);
    let answer = line.ask(ready.numbered(0)).await?;
    match answer.status {
        200..300 => Ok(answer.body.to_vec()),
        status => Err(Broken(format!("{status}: {}", String::from_utf8_lossy(answer.body)))),
    }
}
