//! What the files of recommenders say in words: the model and its parameters, and how events were read.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::error::Result;
use crate::interactions::{Age, Duplicates, Interactions, ReadOptions, TimeFormat, TimeUnit};
use crate::io::tensors::not_a_model;
use crate::models::als::{AlternatingLeastSquares, Confidence, Init, Solver};

/// What files say, by name.
pub(super) type About = BTreeMap<String, String>;

/// The texts of a file, kept as they were read, but for what is counted.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Texts {
    about: About,
    /// How events were read.
    data: Map<String, Value>,
}

/// The parameters of alternating least squares that this crate knows; what is missing has its default.
#[derive(Deserialize)]
struct Parameters {
    regularization: Option<f64>,
    regularization_exponent: Option<f64>,
    alpha: Option<f64>,
    epsilon: Option<f64>,
    unobserved_weight: Option<f64>,
    relaxation: Option<f64>,
    tolerance: Option<f64>,
    iterations: Option<usize>,
    cg_steps: Option<usize>,
    num_threads: Option<usize>,
    random_state: Option<u64>,
    solver: Option<String>,
    use_cg: Option<bool>,
    confidence: Option<String>,
    init: Option<String>,
}

/// How events were read, and what was counted.
#[derive(Deserialize)]
pub(super) struct Data {
    pub(super) timed: bool,
    pub(super) latest: Option<f64>,
    pub(super) rows: u64,
    pub(super) bad_rows: u64,
    pub(super) first_bad_rows: Vec<String>,
    pub(super) ignored_rows: u64,
    pub(super) merged_rows: u64,
    #[serde(default)]
    pub(super) faded_entries: usize,
    pub(super) wanted: Wanted,
}

#[derive(Deserialize)]
pub(super) struct Wanted {
    pub(super) options: Options,
}

/// The settings of [`ReadOptions`] as files have them; older files lack some.
#[derive(Deserialize)]
#[allow(clippy::struct_excessive_bools, reason = "they come by name, from a dictionary")]
pub(super) struct Options {
    duplicates: String,
    half_life: Option<f64>,
    #[serde(default)]
    half_life_is_age: bool,
    max_age: Option<f64>,
    #[serde(default)]
    max_age_is_age: bool,
    time_unit: Option<String>,
    time_format: Option<String>,
    kinds: Vec<(String, f64)>,
    #[serde(default)]
    pub(super) keep_events: bool,
    strict: bool,
    threads: usize,
    min_items_per_user: u32,
    min_users_per_item: u32,
}

impl Data {
    pub(super) fn options(&self) -> Result<ReadOptions> {
        let from = &self.wanted.options;
        let odd = |name: &str, value: &str| not_a_model(&format!("its {name} is {value:?}"));
        let unit = from.time_unit.as_deref();
        let unit =
            unit.map(|unit| TimeUnit::called(unit).ok_or_else(|| odd("time_unit", unit))).transpose()?;
        let age = |is_age: bool| if is_age { Age::Seconds } else { Age::Units };
        Ok(ReadOptions {
            duplicates: Duplicates::called(&from.duplicates)
                .ok_or_else(|| odd("duplicates", &from.duplicates))?,
            timed: self.timed,
            times: TimeFormat { unit, pattern: from.time_format.clone() },
            half_life: from.half_life.map(age(from.half_life_is_age)),
            max_age: from.max_age.map(age(from.max_age_is_age)),
            kinds: from.kinds.clone(),
            min_items_per_user: from.min_items_per_user,
            min_users_per_item: from.min_users_per_item,
            keep_events: from.keep_events,
            strict: from.strict,
            threads: from.threads,
            on_disk: None,
        })
    }
}

impl Texts {
    /// The texts of what was read from a file.
    pub(super) fn read(about: &About) -> Result<Self> {
        let Some(data) = about.get("interactions") else {
            return Err(not_a_model(&"it has no labels: Factors::open opens factors without them"));
        };
        let data = serde_json::from_str(data).map_err(|error| not_a_model(&error))?;
        Ok(Self { about: about.clone(), data })
    }

    /// The texts of what was fitted here.
    pub(super) fn of(parameters: &AlternatingLeastSquares, data: &Interactions) -> Self {
        let about = About::from([
            ("class".into(), "AlternatingLeastSquares".into()),
            ("parameters".into(), parameters_text(parameters)),
            ("described".into(), "{}".into()),
        ]);
        let Value::Object(read) = how_it_was_read(data) else { unreachable!("it is an object") };
        Self { about, data: read }.updated(data)
    }

    #[cfg(test)]
    pub(super) fn rename(&mut self, class: &str) {
        self.about.insert("class".into(), class.into());
    }

    /// The name of the model.
    pub(super) fn class(&self) -> &str {
        self.about.get("class").map_or("AlternatingLeastSquares", String::as_str)
    }

    /// The parameters of alternating least squares with so many factors.
    pub(super) fn parameters(&self, factors: usize) -> Result<AlternatingLeastSquares> {
        let text = self.about.get("parameters").map_or("{}", String::as_str);
        let from: Parameters = serde_json::from_str(text).map_err(|error| not_a_model(&error))?;
        let usual = AlternatingLeastSquares::new(factors);
        let odd = |name: &str, value: &str| not_a_model(&format!("its {name} is {value:?}"));
        let solver = if from.use_cg == Some(false) { Some("cholesky".into()) } else { from.solver };
        let solver = solver.as_deref().unwrap_or(usual.solver.name());
        let confidence = from.confidence.as_deref().unwrap_or(usual.confidence.name());
        let init = from.init.as_deref().unwrap_or(usual.init.name());
        let parameters = AlternatingLeastSquares {
            factors,
            iterations: from.iterations.unwrap_or(usual.iterations),
            regularization: from.regularization.unwrap_or(usual.regularization),
            regularization_exponent: from.regularization_exponent.unwrap_or(usual.regularization_exponent),
            alpha: from.alpha.unwrap_or(usual.alpha),
            epsilon: from.epsilon.unwrap_or(usual.epsilon),
            confidence: Confidence::called(confidence).ok_or_else(|| odd("confidence", confidence))?,
            unobserved_weight: from.unobserved_weight.unwrap_or(usual.unobserved_weight),
            solver: Solver::called(solver).ok_or_else(|| odd("solver", solver))?,
            cg_steps: from.cg_steps.unwrap_or(usual.cg_steps),
            relaxation: from.relaxation.unwrap_or(usual.relaxation),
            tolerance: from.tolerance,
            threads: from.num_threads.unwrap_or(usual.threads),
            seed: from.random_state.unwrap_or(usual.seed),
            init: Init::called(init).ok_or_else(|| odd("init", init))?,
            ..usual
        };
        parameters.check_parameters().map_err(|error| not_a_model(&error))?;
        Ok(parameters)
    }

    /// How events were read.
    pub(super) fn data(&self) -> Result<Data> {
        let read = serde_json::from_value(Value::Object(self.data.clone()));
        read.map_err(|error| not_a_model(&format!("its data cannot be read: {error}")))
    }

    /// The same after more events.
    pub(super) fn updated(&self, data: &Interactions) -> Self {
        let report = data.report();
        let latest = data.events.hidden().latest;
        let counted = json!({
            "latest": latest.is_finite().then_some(latest),
            "rows": report.rows,
            "bad_rows": report.bad.count(),
            "first_bad_rows": report.bad.described(),
            "ignored_rows": report.ignored,
            "merged_rows": report.merged,
            "faded_entries": report.faded,
        });
        let mut other = self.clone();
        if let Value::Object(counted) = counted {
            other.data.extend(counted);
        }
        other
    }

    /// What a file says.
    pub(super) fn written(&self) -> About {
        let mut about = self.about.clone();
        about.insert("interactions".into(), Value::Object(self.data.clone()).to_string());
        about
    }
}

fn parameters_text(from: &AlternatingLeastSquares) -> String {
    let text = json!({
        "factors": from.factors,
        "iterations": from.iterations,
        "regularization": from.regularization,
        "regularization_exponent": from.regularization_exponent,
        "alpha": from.alpha,
        "epsilon": from.epsilon,
        "confidence": from.confidence.name(),
        "unobserved_weight": from.unobserved_weight,
        "solver": from.solver.name(),
        "cg_steps": from.cg_steps,
        "relaxation": from.relaxation,
        "tolerance": from.tolerance,
        "num_threads": from.threads,
        "random_state": from.seed,
        "init": from.init.name(),
        "dtype": "float32",
    });
    text.to_string()
}

/// What Python wants to know of reading: events from here have the columns user, item and weight, and perhaps time and kind.
fn how_it_was_read(data: &Interactions) -> Value {
    let options = data.options();
    let age = |age: Option<Age>| match age {
        None => (None, false),
        Some(Age::Seconds(value)) => (Some(value), true),
        Some(Age::Units(value)) => (Some(value), false),
    };
    json!({
        "columns": {
            "user": "user",
            "item": "item",
            "weight": "weight",
            "time": options.timed.then_some("time"),
            "kind": (!options.kinds.is_empty()).then_some("kind"),
        },
        "lines": {
            "separator": null, "header": null, "quote": null, "texts": false, "layout": "events", "encoding": null,
            "decimal": ".", "thousands": null, "comment": null, "skip": 0,
        },
        "wanted": {
            "on_bad_rows": if options.strict { "raise" } else { "warn" },
            "counts": options.duplicates == Duplicates::Count,
            "options": {
                "duplicates": options.duplicates.name(),
                "half_life": age(options.half_life).0,
                "half_life_is_age": age(options.half_life).1,
                "max_age": age(options.max_age).0,
                "max_age_is_age": age(options.max_age).1,
                "time_unit": options.times.unit.map(TimeUnit::symbol),
                "time_format": options.times.pattern,
                "kinds": options.kinds,
                "keep_events": options.keep_events,
                "strict": options.strict,
                "threads": options.threads,
                "min_items_per_user": options.min_items_per_user,
                "min_users_per_item": options.min_users_per_item,
            },
        },
        "backend": null,
        "timed": options.timed,
        "layout": null,
        "separator": null,
        "quote": null,
        "encoding": null,
    })
}
