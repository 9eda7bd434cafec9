//! Model files: the factors as [safetensors](https://github.com/huggingface/safetensors), with a version and
//! whatever else its writer has to say as text.
//!
//! A file holds the tensors `user_factors` and `item_factors`, either of which may be missing, of type F32 or F64 and
//! shape rows x factors. The entry `penchant model` of its metadata is a dictionary of texts, in JSON, of which
//! `format_version` is `1`. It may hold more tensors, of one dimension, and more texts, for whoever knows them.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use safetensors::tensor::{Dtype, SafeTensors, TensorView, View};

use crate::dense::DenseView;
use crate::error::{Error, Result};
use crate::kernel::Real;
use crate::model::Model;

const FORMAT: &str = "penchant model";
const VERSION: u32 = 1;
const SIDES: [&str; 2] = ["user_factors", "item_factors"];

/// A tensor to be written: the factors of one side, or something more.
#[derive(Clone)]
pub(crate) struct Tensor<'a> {
    dtype: Dtype,
    shape: Vec<usize>,
    bytes: &'a [u8],
}

impl<'a> Tensor<'a> {
    pub(crate) fn factors<T: Real>(factors: DenseView<'a, T>) -> Self {
        let shape = vec![factors.rows(), factors.columns()];
        Self { dtype: dtype::<T>(), shape, bytes: bytemuck::cast_slice(factors.data()) }
    }

    #[cfg_attr(not(feature = "python"), allow(dead_code, reason = "it is Python that has more to keep"))]
    pub(crate) fn list<T: bytemuck::Pod>(dtype: Dtype, values: &'a [T]) -> Self {
        Self { dtype, shape: vec![values.len()], bytes: bytemuck::cast_slice(values) }
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
    sides: [Option<Tensor<'_>>; 2],
    more: BTreeMap<String, Tensor<'_>>,
    about: BTreeMap<String, String>,
) -> Result<Vec<u8>> {
    let mut about = about;
    about.insert("format_version".into(), VERSION.to_string());
    with_metadata(sides, more, &about)
}

fn with_metadata(
    sides: [Option<Tensor<'_>>; 2],
    more: BTreeMap<String, Tensor<'_>>,
    about: &BTreeMap<String, String>,
) -> Result<Vec<u8>> {
    let sides = SIDES.into_iter().zip(sides).filter_map(|(name, side)| Some((name.to_owned(), side?)));
    let tensors = sides.chain(more);
    // All in one entry, in order: safetensors writes several in any order, and equal models should be equal files.
    let about = serde_json::to_string(about).map_err(|error| not_a_model(&error))?;
    safetensors::serialize(tensors, Some(HashMap::from([(FORMAT.into(), about)])))
        .map_err(|error| not_a_model(&error))
}

/// What a model file holds.
pub(crate) struct Contents<'a> {
    /// What its writer had to say.
    #[cfg_attr(not(feature = "python"), allow(dead_code, reason = "it is Python that has something to say"))]
    pub(crate) about: BTreeMap<String, String>,
    pub(crate) users: Option<Factors<'a>>,
    pub(crate) items: Option<Factors<'a>>,
    #[cfg_attr(not(feature = "python"), allow(dead_code, reason = "it is Python that has more to keep"))]
    pub(crate) more: BTreeMap<String, TensorView<'a>>,
}

/// The factors of one side, where they lie in a file.
pub(crate) struct Factors<'a> {
    name: &'static str,
    tensor: TensorView<'a>,
    pub(crate) shape: [usize; 2],
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
    let factors = |name| tensors.tensor(name).ok().map(|tensor| Factors::new(name, tensor)).transpose();
    let (users, items) = (factors(SIDES[0])?, factors(SIDES[1])?);
    let more = tensors.iter().filter(|(name, tensor)| !SIDES.contains(name) && tensor.shape().len() == 1);
    let more = more.map(|(name, tensor)| (name.to_owned(), tensor)).collect();
    Ok(Contents { about, users, items, more })
}

impl<'a> Factors<'a> {
    fn new(name: &'static str, tensor: TensorView<'a>) -> Result<Self> {
        let &[rows, columns] = tensor.shape() else {
            let dimensions = tensor.shape().len();
            return Err(not_a_model(&format!("{name} has {dimensions} dimensions instead of 2")));
        };
        if columns == 0 {
            return Err(not_a_model(&format!("{name} has no columns")));
        }
        if !matches!(tensor.dtype(), Dtype::F32 | Dtype::F64) {
            return Err(not_a_model(&format!("{name} is {:?} instead of F32 or F64", tensor.dtype())));
        }
        Ok(Self { name, tensor, shape: [rows, columns] })
    }

    /// Whether they were saved in this precision.
    pub(crate) fn are<T: Real>(&self) -> bool {
        self.tensor.dtype() == dtype::<T>()
    }

    /// A copy of the values.
    pub(crate) fn values<T: Real>(&self) -> Result<Vec<T>> {
        let name = self.name;
        if !self.are::<T>() {
            return Err(not_a_model(&format!("{name} is {:?}: of another precision", self.tensor.dtype())));
        }
        let values: Vec<T> = bytemuck::pod_collect_to_vec(self.tensor.data());
        match values.iter().find(|value| !value.is_finite()) {
            None => Ok(values),
            Some(value) => Err(not_a_model(&format!("{name} holds {value}; values must be finite"))),
        }
    }
}

fn not_a_model(reason: &dyn std::fmt::Display) -> Error {
    Error::NotAModel { reason: reason.to_string() }
}

fn failed(path: &Path, error: &io::Error) -> Error {
    Error::Io { path: path.to_path_buf(), kind: error.kind(), reason: error.to_string() }
}

/// Writes a file as a whole or not at all: into one beside it first, which then takes its place.
pub(crate) fn write_atomically(path: &Path, bytes: &[u8]) -> Result<()> {
    let write = || {
        // A link stays a link: what it leads to is replaced.
        let beside = |link: PathBuf| path.parent().map_or_else(|| link.clone(), |parent| parent.join(&link));
        let target = fs::canonicalize(path)
            .or_else(|_| fs::read_link(path).map(beside))
            .unwrap_or_else(|_| path.to_path_buf());
        let old = fs::metadata(&target).ok();
        if old.as_ref().is_some_and(|old| !old.is_file() && !old.is_dir()) {
            // A pipe or a device is written to.
            return fs::write(&target, bytes);
        }
        let folder = match target.parent() {
            Some(parent) if parent != Path::new("") => parent.to_path_buf(),
            _ => PathBuf::from("."),
        };
        let mut temporary = new_file(&folder)?;
        temporary.write_all(bytes)?;
        if let Some(old) = old.filter(fs::Metadata::is_file) {
            temporary.as_file().set_permissions(old.permissions())?;
        }
        temporary.as_file().sync_all()?;
        temporary.persist(&target).map_err(|error| error.error)?;
        // So that the new name survives a power failure; not every system can do it.
        let _ = File::open(folder).and_then(|folder| folder.sync_all());
        Ok(())
    };
    write().map_err(|error: io::Error| failed(path, &error))
}

/// A file without a lasting name that others may read as they may any new file.
fn new_file(folder: &Path) -> io::Result<tempfile::NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".penchant-");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        builder.permissions(fs::Permissions::from_mode(0o666));
    }
    builder.tempfile_in(folder)
}

impl<T: Real> Model<T> {
    /// Saves the factors. The file is replaced as a whole or not at all. Python opens it as well.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<()> {
        let sides = [self.user_factors(), self.item_factors()].map(|side| Some(Tensor::factors(side)));
        write_atomically(path.as_ref(), &to_bytes(sides, BTreeMap::new(), BTreeMap::new())?)
    }

    /// Opens a saved model, from here or from Python. `T` is the precision that it was saved in.
    ///
    /// ```
    /// use penchant::Model;
    /// let model = Model::new(2, vec![1.0_f32, 2.0], vec![3.0, 4.0, 5.0, 6.0])?;
    /// let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
    /// let path = folder.path().join("model.safetensors");
    /// model.save(&path)?;
    /// assert_eq!(Model::<f32>::open(&path)?, model);
    /// assert!(Model::<f64>::open(&path).is_err());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let bytes = fs::read(path).map_err(|error| failed(path, &error))?;
        let Contents { users: Some(users), items: Some(items), .. } = from_bytes(&bytes)? else {
            return Err(not_a_model(&"it was saved before a fit"));
        };
        let ([_, f], [_, f_items]) = (users.shape, items.shape);
        if f != f_items {
            return Err(not_a_model(&format!("its sides have {f} and {f_items} factors")));
        }
        Self::new(f, users.values()?, items.values()?)
    }
}

#[cfg(test)]
mod tests;
