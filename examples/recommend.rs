//! Opens what Python saved (or another Rust program), and prints what somebody gets and why.
//!
//! `cargo run --release --example recommend -- recommender.safetensors ann`

use penchant::labels::Label;
use penchant::{List, Recommender};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [file, user] = &arguments[..] else { return Err("which file, and for whom?".into()) };
    let recommender = Recommender::open(file)?;
    // Labels are texts or integers, as in the data.
    let integers = recommender.data().users().are_integers();
    let user = if integers { Label::Integer(user.parse()?) } else { Label::Text(user) };
    println!("{user} has");
    for own in recommender.history(user)?.iter().take(5) {
        println!("  {:<30} {}", own.label.to_string(), own.score);
    }
    println!("and may like");
    for best in recommender.recommend(user, &List::top(5))? {
        let reasons = recommender.explain(user, best.label, 2)?;
        let because: Vec<String> = reasons.iter().map(|reason| reason.label.to_string()).collect();
        println!("  {:<30} {:.3}  because of {}", best.label.to_string(), best.score, because.join(" and "));
    }
    Ok(())
}
