//! What a fit can be asked for, and the check of it.

use crate::error::{Error, Result};
use crate::kernel::Real;
use crate::models::als::init::Init;
use crate::models::als::objective::{Confidence, Objective};
use crate::pool::MAX_THREADS;
use crate::sparse::CsrView;

/// How the small linear system of each row is solved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Solver {
    /// Whatever is expected to be fastest for the row.
    #[default]
    Auto,
    /// A few preconditioned conjugate-gradient steps from the previous epoch's solution
    /// (Takács, Pilászy and Tikk 2011).
    ConjugateGradient,
    /// The exact solution through a system as small as the row (the Woodbury identity); rows that are too long
    /// for that, or have a confidence of at most the unobserved weight, by Cholesky.
    Dual,
    /// An exact solution by a Cholesky factorization.
    Cholesky,
}

impl Solver {
    /// What has this name.
    #[must_use]
    pub fn called(name: &str) -> Option<Self> {
        [Self::Auto, Self::ConjugateGradient, Self::Dual, Self::Cholesky]
            .into_iter()
            .find(|one| one.name() == name)
    }

    /// Its name, as Python and files have it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::ConjugateGradient => "cg",
            Self::Dual => "dual",
            Self::Cholesky => "cholesky",
        }
    }
}

/// Alternating least squares for implicit feedback (Hu, Koren and Volinsky 2008): the parameters of a fit.
///
/// Set what should differ from the defaults, then call [`fit`](Self::fit), which checks them all.
///
/// ```
/// use penchant::{AlternatingLeastSquares, CsrMatrix};
/// let plays = CsrMatrix::from_triplets(3, 4, &[(0, 0, 9.0_f32), (0, 1, 3.0), (1, 1, 5.0), (2, 3, 1.0)])?;
/// let model = AlternatingLeastSquares::new(2).alpha(2.0).iterations(5).fit(&plays.view())?;
/// assert_eq!((model.users(), model.items(), model.factors()), (3, 4, 2));
/// # Ok::<(), penchant::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct AlternatingLeastSquares {
    pub(crate) factors: usize,
    pub(crate) iterations: usize,
    pub(crate) regularization: f64,
    pub(crate) regularization_exponent: f64,
    pub(crate) alpha: f64,
    pub(crate) epsilon: f64,
    pub(crate) confidence: Confidence,
    pub(crate) unobserved_weight: f64,
    pub(crate) solver: Solver,
    pub(crate) cg_steps: usize,
    pub(crate) relaxation: f64,
    pub(crate) tolerance: Option<f64>,
    pub(crate) threads: usize,
    pub(crate) seed: u64,
    pub(crate) init: Init,
    pub(crate) feature_strength: f64,
    pub(crate) feature_regularization: f64,
}

/// A setter of the builder: takes the parameters, returns them changed.
macro_rules! setter {
    ($(#[$doc:meta])* $name:ident: $kind:ty) => {
        $(#[$doc])*
        #[must_use]
        pub fn $name(self, $name: $kind) -> Self {
            Self { $name, ..self }
        }
    };
}

impl AlternatingLeastSquares {
    /// The default parameters with this number of factors.
    #[must_use]
    pub fn new(factors: usize) -> Self {
        Self {
            factors,
            iterations: 15,
            regularization: 0.01,
            regularization_exponent: 0.0,
            alpha: 1.0,
            epsilon: 1.0,
            confidence: Confidence::default(),
            unobserved_weight: 1.0,
            solver: Solver::default(),
            cg_steps: 3,
            relaxation: 1.65,
            tolerance: None,
            threads: 0,
            seed: 0,
            init: Init::default(),
            feature_strength: 1.0,
            feature_regularization: 10.0,
        }
    }

    setter! {
        /// The number of epochs, 15 by default. With 0 the factors are uniform random numbers.
        iterations: usize
    }
    setter! {
        /// λ, the weight of the squared length of the factors; 0.01 by default.
        regularization: f64
    }
    setter! {
        /// ν in `λ (n + w0 m)^ν`, which scales the regularization of a row by how much of it there is to fit:
        /// `n` stored entries among `m`. 0 by default (Hu et al. 2008); 1 is the choice of Rendle et al. 2021.
        regularization_exponent: f64
    }
    setter! {
        /// How fast confidence grows with the value of an entry; 1 by default.
        alpha: f64
    }
    setter! {
        /// The ε of [`Confidence::Log`]; 1 by default.
        epsilon: f64
    }
    setter! {
        /// The formula of the confidence; [`Confidence::Alpha`] by default.
        confidence: Confidence
    }
    setter! {
        /// `w0`, the weight of the pairs that nobody touched; 1 by default.
        unobserved_weight: f64
    }
    setter! {
        /// How the rows are solved; [`Solver::Auto`] by default.
        solver: Solver
    }
    setter! {
        /// Conjugate-gradient steps for a row in a half-step; 3 by default. With [`Solver::Auto`], rows whose
        /// confidences outweigh by far what they share with all others get up to 30, as many as they need.
        cg_steps: usize
    }
    setter! {
        /// The largest ω, 1.65 by default: how far past its solutions a half-step goes, `start + ω (solution − start)`, as
        /// in successive over-relaxation. Between 0 and 2; 1 is plain alternating least squares. ω grows from 1 by
        /// half-steps, `1 + h / (h + 4)`, up to this; a limit below 1 holds throughout. A fit reaches the same loss in
        /// about half as many epochs, at no cost for an epoch. The first half-step and the last go to their solutions.
        /// With [`Solver::Auto`], rows that get more steps go half of the way to 2 if it is above 1, and from 128 factors
        /// on short rows that are solved exactly stay at their solutions.
        relaxation: f64
    }
    setter! {
        /// Stops the fit when an epoch improves the loss by less than this part of it; `None` by default.
        tolerance: Option<f64>
    }
    setter! {
        /// The number of threads; 0, the default, means all that this process may use.
        threads: usize
    }
    setter! {
        /// The seed of the first factors; 0 by default.
        seed: u64
    }
    setter! {
        /// What the first factors are; [`Init::Sketch`] by default.
        init: Init
    }
    setter! {
        /// How strongly rows are drawn to what their features say, 1 by default: with 0 features only explain rows without
        /// entries, up to 1 they take a part of the regularization and beyond 1 so many times of it.
        feature_strength: f64
    }
    setter! {
        /// The weight of the squared coefficients of features, in rows: a feature that so many rows have is half believed. 10
        /// by default.
        feature_regularization: f64
    }

    /// The part of the parameters that says what is minimized.
    pub(crate) fn objective(&self) -> Objective {
        Objective {
            confidence: self.confidence,
            alpha: self.alpha,
            epsilon: self.epsilon,
            regularization: self.regularization,
            exponent: self.regularization_exponent,
            unobserved_weight: self.unobserved_weight,
            half_seen: 0.0,
        }
    }

    /// Checks every parameter.
    pub(crate) fn check_parameters(&self) -> Result<()> {
        let counts = [
            ("factors", self.factors, 1, usize::MAX, "at least 1"),
            ("cg_steps", self.cg_steps, 1, usize::MAX, "at least 1"),
            ("num_threads", self.threads, 0, MAX_THREADS, "between 0 and 1024"),
        ];
        for (name, value, low, high, expected) in counts {
            if !(low..=high).contains(&value) {
                return Err(Error::InvalidParameter { name, expected, value: value as f64 });
            }
        }
        let at_least_0 = "a finite number of at least 0";
        let above_0 = "a finite number above 0";
        let numbers = [
            ("regularization", self.regularization, true, at_least_0),
            ("regularization_exponent", self.regularization_exponent, true, at_least_0),
            ("unobserved_weight", self.unobserved_weight, true, at_least_0),
            ("tolerance", self.tolerance.unwrap_or(0.0), true, at_least_0),
            ("alpha", self.alpha, false, above_0),
            ("epsilon", self.epsilon, false, above_0),
            ("feature_strength", self.feature_strength, true, at_least_0),
            ("feature_regularization", self.feature_regularization, false, above_0),
        ];
        for (name, value, zero_is_fine, expected) in numbers {
            if !value.is_finite() || value < 0.0 || (value == 0.0 && !zero_is_fine) {
                return Err(Error::InvalidParameter { name, expected, value });
            }
        }
        if !(self.relaxation > 0.0 && self.relaxation < 2.0) {
            let expected = "above 0 and below 2";
            return Err(Error::InvalidParameter { name: "relaxation", expected, value: self.relaxation });
        }
        if self.unobserved_weight == 0.0 && self.regularization == 0.0 {
            let expected = "above 0 when unobserved_weight is 0 (nothing else would hold the factors)";
            return Err(Error::InvalidParameter { name: "regularization", expected, value: 0.0 });
        }
        Ok(())
    }

    /// Checks every parameter, and that there is something in `user_items` to learn from.
    pub(crate) fn check<T: Real>(&self, user_items: &CsrView<'_, T>) -> Result<()> {
        self.check_parameters()?;
        if !user_items.values().iter().any(|&r| r != T::ZERO) {
            return Err(Error::Empty {
                what: "user_items",
                rows: user_items.rows(),
                columns: user_items.columns(),
                stored: user_items.stored(),
            });
        }
        user_items.check_finite()
    }
}
