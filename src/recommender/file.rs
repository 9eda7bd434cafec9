//! Recommenders in files: tensors of the model and of what it has learned from.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use super::texts::Texts;
use super::{Fitted, Recommender};
use crate::error::{Error, Result};
use crate::interactions::{BadRows, Block, EventsState, Hidden, Interactions, Kept, Report};
use crate::io::atomic::{failed, write_atomically};
use crate::io::tensors::{Contents, Tensor, from_bytes, not_a_model, to_bytes};
use crate::labels::Labels;
use crate::models::factors::Factors;
use crate::models::similarity::ItemSimilarity;
use crate::sparse::CsrMatrix;

/// What the arrays of events are called in files, if events are kept.
const LOG: [&str; 4] = ["event_users", "event_items", "event_weights", "event_times"];

impl Recommender {
    /// Opens what a `Recommender` saved, from here or from Python.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let bytes = fs::read(path).map_err(|error| failed(path, &error))?;
        let contents = from_bytes(&bytes)?;
        let texts = Texts::read(&contents.about)?;
        let data = data_of(&contents, &texts)?;
        let has = |side: &str| contents.tensors.contains_key(&format!("{side}_features.coefficients"));
        let model = if texts.class() == "AlternatingLeastSquares" {
            let factors = Factors::of(&contents)?;
            let parameters = Box::new(texts.parameters(factors.factors())?);
            let has_features = has("user") || has("item");
            Fitted::Factors { factors, parameters, has_features }
        } else if contents.tensors.contains_key("similarity.indptr") {
            Fitted::Similarity(ItemSimilarity::of(&contents)?)
        } else {
            return Err(not_a_model(&format!("it is a {}, which is not known here", texts.class())));
        };
        Self::new(model, data, texts)
    }

    /// Saves everything. The file is replaced as a whole or not at all. Python opens it as well, and expects later events
    /// of what was fitted here in the columns `user`, `item` and `weight`, and `time` and `kind` if there were any.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<()> {
        let shape = self.shape();
        let mut tensors = match &self.model {
            Fitted::Factors { factors, has_features: false, .. } => factors.tensors(),
            Fitted::Similarity(similarity) => similarity.tensors(&shape),
            Fitted::Factors { .. } => {
                let (model, what) = ("a model with features".into(), "be saved, as they are not read");
                return Err(Error::NotSupported { model, what });
            }
        };
        let Hidden { times, all, .. } = self.data.events.hidden();
        let codes = |codes: &[u32]| codes.iter().map(|&code| code as i32).collect::<Vec<_>>();
        let [kept_users, kept_items] =
            all.map_or_else(Default::default, |all| [codes(&all.kept.users), codes(&all.kept.items)]);
        let (users, items) =
            all.map_or((self.data.users(), self.data.items()), |all| (&all.users, &all.items));
        let view = self.data.matrix();
        let (indptr, indices, values, times) = match all {
            Some(all) => {
                let entries = &all.entries;
                (&entries.indptr[..], &entries.indices[..], &entries.values[..], &entries.times[..])
            }
            None => (view.pattern().indptr(), view.pattern().indices(), view.values(), times),
        };
        let log = self.data.kept_events();
        let log_codes = log.map(|log| [codes(log.users), codes(log.items)]).unwrap_or_default();
        let sides = [("users", users), ("items", items)];
        let ends = sides.map(|(_, labels)| {
            labels.texts().map(|(_, ends)| ends.iter().map(|&end| end as i64).collect::<Vec<_>>())
        });
        let mut put = |name: &str, tensor| tensors.insert(format!("interactions.{name}"), tensor);
        put("indptr", Tensor::new(&[indptr.len()], indptr));
        put("indices", Tensor::new(&[indices.len()], indices));
        put("values", Tensor::new(&[values.len()], values));
        put("times", Tensor::new(&[times.len()], times));
        put("kept_users", Tensor::new(&[kept_users.len()], &kept_users));
        put("kept_items", Tensor::new(&[kept_items.len()], &kept_items));
        if let Some(log) = log {
            put(LOG[0], Tensor::new(&[log_codes[0].len()], &log_codes[0]));
            put(LOG[1], Tensor::new(&[log_codes[1].len()], &log_codes[1]));
            put(LOG[2], Tensor::new(&[log.weights.len()], log.weights));
            put(LOG[3], Tensor::new(&[log.times.len()], log.times));
        }
        for ((side, labels), ends) in sides.into_iter().zip(&ends) {
            if let (Some((texts, _)), Some(ends)) = (labels.texts(), ends) {
                put(&format!("{side}.texts"), Tensor::new(&[texts.len()], texts.as_bytes()));
                put(&format!("{side}.ends"), Tensor::new(&[ends.len()], ends));
            } else if let Some(integers) = labels.integers() {
                let kind = if labels.are_unsigned() { "unsigned" } else { "integers" };
                put(&format!("{side}.{kind}"), Tensor::new(&[integers.len()], integers));
            }
        }
        write_atomically(path.as_ref(), &to_bytes(tensors, self.texts.written())?)
    }
}

impl Recommender {
    /// The number of users and of items, as files have them.
    fn shape(&self) -> [i64; 2] {
        let matrix = self.data.matrix();
        [matrix.rows() as i64, matrix.columns() as i64]
    }
}

fn data_of(contents: &Contents<'_>, texts: &Texts) -> Result<Interactions> {
    let about = texts.data()?;
    let missing = |name: &str| not_a_model(&format!("it has no interactions.{name}"));
    let integers = |name: &str| contents.list::<i32>(&format!("interactions.{name}"));
    let codes = |name: &str| -> Result<Vec<u32>> {
        let codes = integers(name)?.unwrap_or_default();
        let negative = |_| not_a_model(&format!("interactions.{name} has numbers below 0"));
        codes.into_iter().map(|code| u32::try_from(code).map_err(negative)).collect()
    };
    let times = |name: &str| contents.reals::<f64>(&format!("interactions.{name}"));
    let indptr = contents.list::<i64>("interactions.indptr")?.ok_or_else(|| missing("indptr"))?;
    let indices = integers("indices")?.ok_or_else(|| missing("indices"))?;
    let values = contents.reals::<f32>("interactions.values")?.ok_or_else(|| missing("values"))?;
    let (users, items) = (labels_of(contents, "users")?, labels_of(contents, "items")?);
    let broken = |error: Error| match error {
        Error::NotAModel { .. } => error,
        other => not_a_model(&other),
    };
    let log = Block {
        users: codes(LOG[0])?,
        items: codes(LOG[1])?,
        weights: contents.reals::<f32>("interactions.event_weights")?.unwrap_or_default(),
        times: times(LOG[3])?.unwrap_or_default(),
    };
    let matrix = CsrMatrix::new(items.len(), indptr, indices, values).map_err(broken)?;
    let state = EventsState {
        users: Arc::new(users),
        items: Arc::new(items),
        matrix,
        times: times("times")?.unwrap_or_default(),
        latest: about.latest.unwrap_or(f64::NEG_INFINITY),
        log: about.wanted.options.keep_events.then_some(log),
    };
    let report = Report {
        rows: about.rows,
        ignored: about.ignored_rows,
        merged: about.merged_rows,
        bad: BadRows::of(about.bad_rows, about.first_bad_rows.clone()),
        faded: about.faded_entries,
        ..Report::default()
    };
    let kept = Kept { users: codes("kept_users")?, items: codes("kept_items")? };
    Interactions::restored(state, about.options()?, &kept, report).map_err(broken)
}

fn labels_of(contents: &Contents<'_>, side: &str) -> Result<Labels> {
    let name = |kind: &str| format!("interactions.{side}.{kind}");
    if let Some(integers) = contents.list::<i64>(&name("integers"))? {
        return Labels::of_integers(integers).map_err(|error| not_a_model(&error));
    }
    if let Some(bits) = contents.list::<i64>(&name("unsigned"))? {
        let unsigned = bits.into_iter().map(|bits| bits as u64);
        return Labels::of_unsigned(unsigned).map_err(|error| not_a_model(&error));
    }
    let missing = || not_a_model(&"it has no labels: it is a model without them");
    let texts = contents.list::<u8>(&name("texts"))?.ok_or_else(missing)?;
    let ends = contents.list::<i64>(&name("ends"))?.ok_or_else(missing)?;
    let texts = std::str::from_utf8(&texts).map_err(|error| not_a_model(&error))?;
    Labels::of_packed(texts, ends).map_err(|error| not_a_model(&error))
}
