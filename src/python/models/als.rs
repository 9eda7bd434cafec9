//! Fitting and folding in.

use std::ops::ControlFlow;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Sender, channel};

use numpy::{
    Element, IntoPyArray, PyArray1, PyArray2, PyArrayMethods, PyReadonlyArray1, PyReadonlyArray2,
    PyReadwriteArray2,
};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use crate::error::Error;
use crate::gram::Gram;
use crate::kernel::Real;
use crate::models::als::{
    self, AlternatingLeastSquares, Confidence, Features, FeaturesOf, Init, RowFeatures, Seen, Solver,
};
use crate::observer::Observer;
use crate::python::arrays::{AnyCsr, AnyFactors, Csr, dense, in_precision, view};
use crate::python::interrupt::{Stop, interruptible};

/// The parameters of a fit as a dictionary of Python values.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
pub(in crate::python) struct Params {
    factors: i64,
    regularization: f64,
    alpha: f64,
    iterations: i64,
    num_threads: i64,
    solver: String,
    cg_steps: i64,
    relaxation: f64,
    confidence: String,
    epsilon: f64,
    unobserved_weight: f64,
    regularization_exponent: f64,
    tolerance: Option<f64>,
    init: String,
    feature_strength: f64,
    feature_regularization: f64,
}

impl Params {
    pub(in crate::python) fn build(&self) -> PyResult<AlternatingLeastSquares> {
        let solver = Solver::called(&self.solver)
            .ok_or_else(|| unknown("solver", "'auto', 'cg', 'dual' or 'cholesky'", &self.solver))?;
        let confidence = Confidence::called(&self.confidence)
            .ok_or_else(|| unknown("confidence", "'alpha', 'linear' or 'log'", &self.confidence))?;
        let init =
            Init::called(&self.init).ok_or_else(|| unknown("init", "'sketch' or 'uniform'", &self.init))?;
        Ok(AlternatingLeastSquares::new(count("factors", self.factors, "at least 1")?)
            .regularization(self.regularization)
            .alpha(self.alpha)
            .iterations(count("iterations", self.iterations, "at least 0")?)
            .threads(count("num_threads", self.num_threads, "between 0 and 1024")?)
            .solver(solver)
            .cg_steps(count("cg_steps", self.cg_steps, "at least 1")?)
            .relaxation(self.relaxation)
            .confidence(confidence)
            .epsilon(self.epsilon)
            .unobserved_weight(self.unobserved_weight)
            .regularization_exponent(self.regularization_exponent)
            .tolerance(self.tolerance)
            .init(init)
            .feature_strength(self.feature_strength)
            .feature_regularization(self.feature_regularization))
    }
}

fn unknown(name: &str, expected: &str, value: &str) -> PyErr {
    PyValueError::new_err(format!("{name} must be {expected}, got {value:?}"))
}

fn count(name: &'static str, value: i64, expected: &'static str) -> Result<usize, Error> {
    usize::try_from(value).map_err(|_| Error::InvalidParameter { name, expected, value: value as f64 })
}

/// Fails if a parameter is out of range.
#[pyfunction]
pub(in crate::python) fn check_parameters(params: Params) -> PyResult<()> {
    Ok(params.build()?.check_parameters()?)
}

/// What the fitting thread asks of the thread that holds the interpreter.
struct EpochDone {
    epoch: usize,
    loss: f64,
    turn: Vec<f64>,
    stop: Sender<bool>,
}

/// Sends every epoch to the calling thread and waits for its answer.
struct Reporter<'a> {
    messages: Sender<EpochDone>,
    turn: Mutex<Vec<f64>>,
    stop: &'a AtomicBool,
}

impl Observer for Reporter<'_> {
    fn epoch(&self, epoch: usize, loss: f64) -> ControlFlow<()> {
        let (stop, answer) = channel();
        let turn = self.turn.lock().map(|mut turn| std::mem::take(&mut *turn)).unwrap_or_default();
        let asked = self.messages.send(EpochDone { epoch, loss, turn, stop });
        // A closed channel means that the caller has given up.
        if asked.is_ok() && answer.recv() == Ok(false) {
            ControlFlow::Continue(())
        } else {
            ControlFlow::Break(())
        }
    }

    fn turn(&self, turn: &[f64]) {
        if let Ok(mut kept) = self.turn.lock() {
            *kept = turn.to_vec();
        }
    }

    fn interrupted(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }
}

/// A matrix of features, and the array of their coefficients.
type FeaturesAndCoefficients<'py> = (Bound<'py, PyAny>, Bound<'py, PyAny>);
type OneSide<'py, T> = (Csr<'py, T>, PyReadwriteArray2<'py, T>);

fn features_of<'a, T: Real + Element>(
    side: &'a mut Option<OneSide<'_, T>>,
) -> PyResult<Option<FeaturesOf<'a, T>>> {
    let Some((features, coefficients)) = side else { return Ok(None) };
    Ok(Some(FeaturesOf { features: view(features)?, coefficients: coefficients.as_slice_mut()? }))
}

/// Improves the factors in place, or with a `seed` those of a sketch put there, calls `after_epoch(epoch, loss, turn)`,
/// and returns the losses.
///
/// During that call the arrays hold what the fit would return if it ended, but for the user factors, whose rows have to
/// be multiplied by `turn`.
/// `item_users` is the transpose of the matrix, where it is there already. Features are pairs of a matrix and of an array
/// of coefficients, which is written to as the factors are.
#[pyfunction]
#[pyo3(signature = (user_items, user_factors, item_factors, params, seed, after_epoch, item_users=None, user_features=None, item_features=None))]
#[allow(clippy::too_many_arguments, reason = "they are a fit")]
pub(in crate::python) fn fit<'py>(
    py: Python<'py>,
    user_items: AnyCsr<'py>,
    user_factors: &Bound<'py, PyAny>,
    item_factors: &Bound<'py, PyAny>,
    params: Params,
    seed: Option<u64>,
    after_epoch: &Bound<'py, PyAny>,
    item_users: Option<Bound<'py, PyAny>>,
    user_features: Option<FeaturesAndCoefficients<'py>>,
    item_features: Option<FeaturesAndCoefficients<'py>>,
) -> PyResult<Vec<f64>> {
    let params = params.build()?.seed(seed.unwrap_or_default());
    in_precision!(AnyCsr(user_items) as T => {
        let mut x: PyReadwriteArray2<'py, T> = user_factors.extract()?;
        let mut y: PyReadwriteArray2<'py, T> = item_factors.extract()?;
        let (x, y, user_items) = (x.as_slice_mut()?, y.as_slice_mut()?, view(&user_items)?);
        let item_users: Option<Csr<'py, T>> = item_users.map(|matrix| matrix.extract()).transpose()?;
        let item_users = item_users.as_ref().map(view).transpose()?;
        let extracted = |given: Option<FeaturesAndCoefficients<'py>>| -> PyResult<Option<OneSide<'py, T>>> {
            let Some((features, coefficients)) = given else { return Ok(None) };
            Ok(Some((features.extract()?, coefficients.extract()?)))
        };
        let (mut of_users, mut of_items) = (extracted(user_features)?, extracted(item_features)?);
        let features = Features { users: features_of(&mut of_users)?, items: features_of(&mut of_items)? };
        let mut features = Some(features);
        let losses = interruptible(
            py,
            |messages, stop| {
                let reporter = Reporter { messages, turn: Mutex::default(), stop };
                let (features, given) = (features.take().unwrap_or_default(), seed.is_none());
                match &item_users {
                    Some(item_users) => {
                        params.fit_both((&user_items, item_users), (x, y), features, given, &reporter)
                    }
                    None => params.fit_with_features(&user_items, (x, y), features, given, &reporter),
                }
            },
            |done: EpochDone| {
                let f = done.turn.len().isqrt();
                let turn = done.turn.into_pyarray(py).reshape([f, f])?;
                let stop: bool = after_epoch.call1((done.epoch, done.loss, turn))?.is_truthy()?;
                // The worker waits for this; it cannot have gone.
                let _ = done.stop.send(stop);
                Ok(())
            },
        )?;
        Ok(losses?)
    })
}

/// Factors whose rows have been multiplied by a square matrix, as the end of a fit does it.
#[pyfunction]
pub(in crate::python) fn turned<'py>(
    py: Python<'py>,
    factors: AnyFactors<'py>,
    turn: PyReadonlyArray2<'py, f64>,
    threads: usize,
) -> PyResult<Bound<'py, PyAny>> {
    let turn = dense(&turn)?;
    in_precision!(AnyFactors(factors) as T => {
        let factors = dense::<T>(&factors)?;
        let shape = [factors.rows(), factors.columns()];
        let found = py.detach(|| als::turned(factors, turn, threads))?;
        Ok(found.into_pyarray(py).reshape(shape)?.into_any())
    })
}

/// Terms, that of the features, and the inverse of a system.
type Explained<'py> = (Bound<'py, PyArray1<f64>>, f64, Bound<'py, PyArray2<f64>>);

/// What each of a user's items and the user's features add to the score of another item, and the inverse of the user's
/// system.
#[pyfunction]
#[allow(clippy::too_many_arguments, reason = "they are a user, a model and an item")]
pub(in crate::python) fn explain<'py>(
    py: Python<'py>,
    liked: PyReadonlyArray1<'py, i32>,
    values: PyReadonlyArray1<'py, f64>,
    item_factors: AnyFactors<'py>,
    gram: &PyGram,
    item: i32,
    user_weights: Option<PyReadonlyArray2<'py, f64>>,
    params: Params,
    drawn_to: Option<(Bound<'py, PyAny>, bool)>,
) -> PyResult<Explained<'py>> {
    let (params, gram, row) = (params.build()?, &gram.0, (liked.as_slice()?, values.as_slice()?));
    let user_weights = user_weights.as_ref().map(PyReadonlyArray2::as_slice).transpose()?;
    in_precision!(AnyFactors(item_factors) as T => {
        let factors = dense::<T>(&item_factors)?;
        let f = factors.columns();
        let by_few = drawn_to.as_ref().is_some_and(|(_, by_few)| *by_few);
        let mean: Option<PyReadonlyArray1<'py, T>> = drawn_to.map(|(mean, _)| mean.extract()).transpose()?;
        let mean = mean.as_ref().map(PyReadonlyArray1::as_slice).transpose()?;
        let drawn_to = mean.map(|mean| (mean, seen(by_few)));
        let found = py.detach(|| params.explain(row, factors, gram, item, drawn_to, user_weights))?;
        let user_weights = found.user_weights.into_pyarray(py).reshape([f, f])?;
        Ok((found.terms.into_pyarray(py), found.features, user_weights))
    })
}

/// The Gram matrix of one side of a model.
#[pyclass(frozen, module = "penchant._core.als", name = "Gram")]
pub(in crate::python) struct PyGram(Gram);

/// The Gram matrix of factors, of which so many rows count.
#[pyfunction]
#[pyo3(signature = (factors, threads, counted=None))]
pub(in crate::python) fn gram(
    py: Python<'_>,
    factors: AnyFactors<'_>,
    threads: usize,
    counted: Option<usize>,
) -> PyResult<PyGram> {
    in_precision!(AnyFactors(factors) as T => {
        let factors = dense::<T>(&factors)?;
        let gram = py.detach(|| Gram::of(factors, threads))?;
        Ok(PyGram(gram.counting(counted.unwrap_or(factors.rows()))))
    })
}

fn seen(by_few: bool) -> Seen {
    if by_few { Seen::ByFew } else { Seen::ByAll }
}

/// The exact factors of each of `rows` with the other side, whose Gram matrix this is, fixed. `known` are features of the
/// rows, their coefficients, and whether the rows were seen by few.
#[pyfunction]
#[pyo3(signature = (rows, fixed, gram, params, known=None))]
pub(in crate::python) fn fold_in<'py>(
    py: Python<'py>,
    rows: AnyCsr<'py>,
    fixed: &Bound<'py, PyAny>,
    gram: &PyGram,
    params: Params,
    known: Option<(Bound<'py, PyAny>, Bound<'py, PyAny>, bool)>,
) -> PyResult<Bound<'py, PyAny>> {
    let (params, gram) = (params.build()?, &gram.0);
    in_precision!(AnyCsr(rows) as T => {
        let fixed: PyReadonlyArray2<'py, T> = fixed.extract()?;
        let (rows, fixed) = (view(&rows)?, dense(&fixed)?);
        let known: Option<(Csr<'py, T>, PyReadonlyArray2<'py, T>, bool)> = match known {
            Some((features, coefficients, by_few)) => {
                Some((features.extract()?, coefficients.extract()?, by_few))
            }
            None => None,
        };
        let known = match &known {
            Some((features, coefficients, by_few)) => Some(RowFeatures {
                features: view(features)?,
                coefficients: dense(coefficients)?,
                seen: seen(*by_few),
            }),
            None => None,
        };
        let solve = |_, stop: &AtomicBool| params.fold_in_with(&rows, known, fixed, gram, &Stop(stop));
        let solution = interruptible(py, solve, |(): ()| Ok(()))??;
        Ok(solution.into_pyarray(py).reshape([rows.rows(), fixed.columns()])?.into_any())
    })
}

/// What features say: their products with the coefficients.
#[pyfunction]
pub(in crate::python) fn factors_of<'py>(
    py: Python<'py>,
    features: AnyCsr<'py>,
    coefficients: &Bound<'py, PyAny>,
    threads: usize,
) -> PyResult<Bound<'py, PyAny>> {
    in_precision!(AnyCsr(features) as T => {
        let coefficients: PyReadonlyArray2<'py, T> = coefficients.extract()?;
        let (features, coefficients) = (view(&features)?, dense(&coefficients)?);
        let found = py.detach(|| als::factors_of(&features, coefficients, threads))?;
        Ok(found.into_pyarray(py).reshape([features.rows(), coefficients.columns()])?.into_any())
    })
}

/// The loss of given factors from its definition.
#[pyfunction]
pub(in crate::python) fn training_loss<'py>(
    py: Python<'py>,
    user_items: AnyCsr<'py>,
    user_factors: &Bound<'py, PyAny>,
    item_factors: &Bound<'py, PyAny>,
    params: Params,
) -> PyResult<f64> {
    let params = params.build()?;
    in_precision!(AnyCsr(user_items) as T => {
        let x: PyReadonlyArray2<'py, T> = user_factors.extract()?;
        let y: PyReadonlyArray2<'py, T> = item_factors.extract()?;
        let (user_items, x, y) = (view(&user_items)?, x.as_slice()?, y.as_slice()?);
        Ok(py.detach(|| als::training_loss(&params, &user_items, x, y))?)
    })
}
