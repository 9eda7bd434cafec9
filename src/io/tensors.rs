//! Model files: named tensors as [safetensors](https://github.com/huggingface/safetensors), with a version and
//! whatever else their writer has to say as text.
//!
//! The entry `penchant model` of the metadata of a file is a dictionary of texts, in JSON, of which `format_version`
//! is `1` and `class` names the model. Which tensors there are is the model's to say: factors are `user_factors` and
//! `item_factors`, of type F32 or F64 and shape rows x factors.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};

use safetensors::tensor::{Dtype, SafeTensors, TensorView, View};

use crate::dense::DenseView;
use crate::error::{Error, Result};
use crate::kernel::Real;

const FORMAT: &str = "penchant model";
const VERSION: u32 = 1;

/// A number that tensors hold.
pub(crate) trait Number: bytemuck::Pod {
    const DTYPE: Dtype;
}

macro_rules! numbers {
    ($($kind:ty: $dtype:ident),*) => {
        $(impl Number for $kind {
            const DTYPE: Dtype = Dtype::$dtype;
        })*
    };
}
numbers!(u8: U8, i32: I32, i64: I64, f32: F32, f64: F64);

/// A tensor to be written.
#[derive(Clone)]
pub(crate) struct Tensor<'a> {
    dtype: Dtype,
    shape: Vec<usize>,
    bytes: &'a [u8],
}

impl<'a> Tensor<'a> {
    /// Values in the order of rows.
    pub(crate) fn new<T: Number>(shape: &[usize], values: &'a [T]) -> Self {
        Self { dtype: T::DTYPE, shape: shape.to_vec(), bytes: bytemuck::cast_slice(values) }
    }

    /// The same in either precision.
    pub(crate) fn real<T: Real>(shape: &[usize], values: &'a [T]) -> Self {
        Self { dtype: dtype::<T>(), shape: shape.to_vec(), bytes: bytemuck::cast_slice(values) }
    }

    /// Factors, rows x f.
    pub(crate) fn dense<T: Real>(factors: DenseView<'a, T>) -> Self {
        Self::real(&[factors.rows(), factors.columns()], factors.data())
    }
}

impl View for Tensor<'_> {
    fn dtype(&self) -> Dtype {
        self.dtype
    }

    fn shape(&self) -> &[usize] {
        &self.shape
    }

    fn data(&self) -> Cow<'_, [u8]> {
        Cow::Borrowed(self.bytes)
    }

    fn data_len(&self) -> usize {
        self.bytes.len()
    }
}

fn dtype<T: Real>() -> Dtype {
    if size_of::<T>() == size_of::<f32>() { Dtype::F32 } else { Dtype::F64 }
}

/// The bytes of a model file.
pub(crate) fn to_bytes(
    tensors: BTreeMap<String, Tensor<'_>>,
    about: BTreeMap<String, String>,
) -> Result<Vec<u8>> {
    let mut about = about;
    about.insert("format_version".into(), VERSION.to_string());
    with_metadata(tensors, &about)
}

fn with_metadata(tensors: BTreeMap<String, Tensor<'_>>, about: &BTreeMap<String, String>) -> Result<Vec<u8>> {
    // All in one entry, in order: safetensors writes several in any order, and equal models should be equal files.
    let about = serde_json::to_string(about).map_err(|error| not_a_model(&error))?;
    safetensors::serialize(tensors, Some(HashMap::from([(FORMAT.into(), about)])))
        .map_err(|error| not_a_model(&error))
}

/// What a model file holds.
pub(crate) struct Contents<'a> {
    /// What its writer had to say.
    pub(crate) about: BTreeMap<String, String>,
    pub(crate) tensors: BTreeMap<String, TensorView<'a>>,
}

/// Reads the bytes of a model file.
pub(crate) fn from_bytes(bytes: &[u8]) -> Result<Contents<'_>> {
    let (_, header) = SafeTensors::read_metadata(bytes).map_err(|error| not_a_model(&error))?;
    let about = header.metadata().as_ref().and_then(|metadata| metadata.get(FORMAT));
    let Some(about) = about else {
        return Err(not_a_model(&"its format is another one"));
    };
    let about: BTreeMap<String, String> = serde_json::from_str(about).map_err(|error| not_a_model(&error))?;
    match about.get("format_version").and_then(|version| version.parse().ok()) {
        Some(VERSION) => {}
        Some(newer) if newer > VERSION => {
            let reason = format!("its version {newer} is newer than {VERSION}, the newest one known here");
            return Err(not_a_model(&reason));
        }
        _ => return Err(not_a_model(&"it has no version")),
    }
    let tensors = SafeTensors::deserialize(bytes).map_err(|error| not_a_model(&error))?;
    let tensors = tensors.iter().map(|(name, tensor)| (name.to_owned(), tensor)).collect();
    Ok(Contents { about, tensors })
}

impl Contents<'_> {
    /// A copy of the finite numbers of a tensor of two dimensions, and its shape; `None` if there is no such tensor.
    pub(crate) fn dense<T: Real>(&self, name: &str) -> Result<Option<(Vec<T>, [usize; 2])>> {
        let Some(tensor) = self.tensors.get(name) else { return Ok(None) };
        let &[rows, columns] = tensor.shape() else {
            let dimensions = tensor.shape().len();
            return Err(not_a_model(&format!("{name} has {dimensions} dimensions instead of 2")));
        };
        Ok(self.reals(name)?.map(|values| (values, [rows, columns])))
    }

    /// A copy of the finite numbers of a tensor of any shape.
    pub(crate) fn reals<T: Real>(&self, name: &str) -> Result<Option<Vec<T>>> {
        let values: Option<Vec<T>> = self.values(name, dtype::<T>())?;
        match values.as_ref().and_then(|values| values.iter().find(|value| !value.is_finite())) {
            None => Ok(values),
            Some(value) => Err(not_a_model(&format!("{name} holds {value}; values must be finite"))),
        }
    }

    /// A copy of the numbers of a tensor of any shape.
    pub(crate) fn list<T: Number>(&self, name: &str) -> Result<Option<Vec<T>>> {
        self.values(name, T::DTYPE)
    }

    fn values<T: bytemuck::Pod>(&self, name: &str, dtype: Dtype) -> Result<Option<Vec<T>>> {
        let Some(tensor) = self.tensors.get(name) else { return Ok(None) };
        if tensor.dtype() != dtype {
            return Err(not_a_model(&format!("{name} is {:?} instead of {dtype:?}", tensor.dtype())));
        }
        Ok(Some(bytemuck::pod_collect_to_vec(tensor.data())))
    }
}

/// The error for what is no model that can be opened.
pub(crate) fn not_a_model(reason: &dyn std::fmt::Display) -> Error {
    Error::NotAModel { reason: reason.to_string() }
}

#[cfg(test)]
mod tests;
