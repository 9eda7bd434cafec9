//! Reads events from files, fits, and saves a recommender that Python opens as well.
//!
//! `cargo run --release --example fit -- plays.tsv recommender.safetensors`, with columns user, item and weight

use std::ops::ControlFlow;
use std::path::PathBuf;

use penchant::interactions::{Format, Interactions, ReadOptions};
use penchant::{AlternatingLeastSquares, Confidence, Observer, Recommender};

/// Tells of every epoch.
struct Progress;

impl Observer for Progress {
    fn epoch(&self, epoch: usize, loss: f64) -> ControlFlow<()> {
        eprintln!("epoch {epoch}: loss {loss:.6}");
        ControlFlow::Continue(())
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut files: Vec<PathBuf> = std::env::args().skip(1).map(PathBuf::from).collect();
    let Some(saved) = files.pop().filter(|_| !files.is_empty()) else {
        return Err("which files of events, and where to save?".into());
    };
    let format = Format { weight: Some("weight".into()), ..Format::default() };
    let data = Interactions::from_files(&files, &format, &ReadOptions::default(), &())?;
    eprintln!("{} users, {} items: {}", data.users().len(), data.items().len(), data.report());
    let parameters = AlternatingLeastSquares::new(16).confidence(Confidence::Log).iterations(10);
    Recommender::fit(&parameters, data, &Progress)?.save(&saved)?;
    eprintln!("wrote {}", saved.display());
    Ok(())
}
