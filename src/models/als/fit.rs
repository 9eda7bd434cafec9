//! A fit: from where it starts, epoch after epoch, to its end.

use crate::error::{Error, Result, check_size};
use crate::gram::gram;
use crate::kernel::{self, Real};
use crate::models::als::basis::Square;
use crate::models::als::features::{FeatureSide, Features, FeaturesOf};
use crate::models::als::half_step::{Memory, half_step, turn_rows};
use crate::models::als::init::{self, Init};
use crate::models::als::params::AlternatingLeastSquares;
use crate::models::als::relaxation::{Relaxation, relax_items};
use crate::models::als::side::{Given, Opposite, Plan, taking_part};
use crate::models::als::sketch::Sketch;
use crate::observer::Observer;
use crate::pool;
use crate::sparse::CsrView;

/// What the epochs of a fit work on.
struct Work<'a, T: Real> {
    user_items: &'a CsrView<'a, T>,
    item_users: CsrView<'a, T>,
    user_factors: &'a mut [T],
    item_factors: &'a mut [T],
    /// From the basis of the users to that of the items, and back.
    from_users: Square,
    memory: Memory<T>,
    user_features: Option<FeatureSide<'a, T>>,
    item_features: Option<FeatureSide<'a, T>>,
    /// How many users and items take part.
    counts: (usize, usize),
}

impl AlternatingLeastSquares {
    /// Whether a fit starts from a sketch; if it does so neither from that nor from what is given, random factors are drawn.
    pub(super) fn begin<T: Real>(
        &self,
        from_given: bool,
        user_factors: &mut [T],
        item_factors: &mut [T],
    ) -> bool {
        let from_sketch = !from_given && self.init == Init::Sketch && self.iterations > 0;
        if !from_given && !from_sketch {
            init::draw(user_factors, item_factors, self.seed);
        }
        from_sketch
    }

    /// A fit, from given factors or from a sketch in their place.
    pub(super) fn run<T: Real>(
        &self,
        (user_items, item_users): (&CsrView<'_, T>, Option<&CsrView<'_, T>>),
        (user_factors, item_factors): (&mut [T], &mut [T]),
        features: Features<'_, T>,
        from_sketch: bool,
        observer: &dyn Observer,
    ) -> Result<Vec<f64>> {
        self.check(user_items)?;
        features.check(user_items.rows(), user_items.columns())?;
        let f = self.factors;
        check_size("the length of user_factors", user_items.rows() * f, user_factors.len())?;
        check_size("the length of item_factors", user_items.columns() * f, item_factors.len())?;
        let objective = self.objective();
        let (made, total_weight) = pool::run(self.threads, || {
            let made = if item_users.is_none() { Some(user_items.transpose()) } else { None };
            (made, objective.total_weight(user_items))
        })?;
        let item_users = match (item_users, &made) {
            (Some(given), _) => *given,
            (None, Some(made)) => made.view(),
            (None, None) => unreachable!("one of both is there"),
        };
        let mut memory = Memory::new();
        if from_sketch {
            let interrupted = &|| observer.interrupted();
            let (compact, seed) = (self.plan(Relaxation::None).compacts::<T>(), self.seed);
            let sketch =
                Sketch { user_items, item_users: &item_users, objective, f, seed, compact, interrupted };
            pool::run(self.threads, || sketch.fill(user_factors, item_factors, &mut memory))??;
        }
        let counts = (
            taking_part(user_items, features.users.is_some()),
            taking_part(&item_users, features.items.is_some()),
        );
        let (user_features, item_features) = pool::run(self.threads, || -> Result<_> {
            let of_users =
                self.feature_side(features.users, (user_items, counts.1), user_factors, observer)?;
            let items = (&item_users, counts.0);
            Ok((of_users, self.feature_side(features.items, items, item_factors, observer)?))
        })??;
        let from_users = Square::identity(f);
        let mut work = Work {
            user_items,
            item_users,
            user_factors,
            item_factors,
            from_users,
            memory,
            user_features,
            item_features,
            counts,
        };
        let mut losses = Vec::new();
        for epoch in 1..=self.iterations {
            let loss = pool::run(self.threads, || self.epoch(&mut work, epoch, observer))?? / total_weight;
            if !loss.is_finite() {
                return Err(Error::Diverged { epoch });
            }
            let previous = losses.last().copied();
            losses.push(loss);
            // Outside of the pool, whose threads the observer may want to use.
            observer.turn(&work.from_users.values);
            if observer.epoch(epoch, loss).is_break() || self.converged(previous, loss) {
                break;
            }
        }
        let Work { user_factors, item_factors, from_users, mut user_features, mut item_features, .. } = work;
        pool::run(self.threads, || {
            for (side, factors) in
                [(&mut user_features, &mut *user_factors), (&mut item_features, item_factors)]
            {
                if let Some(side) = side {
                    side.finish(factors, f);
                }
            }
            turn_rows(user_factors, &from_users);
            if let Some(side) = &mut user_features {
                turn_rows(side.coefficients_mut(), &from_users);
            }
        })?;
        Ok(losses)
    }

    /// The features of a side whose entries are `rows`, with how many columns that take part, and whose factors a fit starts
    /// from.
    fn feature_side<'a, T: Real>(
        &self,
        features: Option<FeaturesOf<'a, T>>,
        rows: (&CsrView<'_, T>, usize),
        factors: &mut [T],
        observer: &dyn Observer,
    ) -> Result<Option<FeatureSide<'a, T>>> {
        let Some(features) = features else { return Ok(None) };
        let parameters = (self.feature_strength, self.feature_regularization);
        let mut side =
            FeatureSide::new(features, rows, &self.objective(), parameters, self.factors, observer)?;
        side.clear_cold(factors, self.factors);
        side.begin(factors);
        side.fill_cold(factors, self.factors);
        Ok(Some(side))
    }

    /// Improves the factors of both sides, and returns the objective.
    fn epoch<T: Real>(&self, work: &mut Work<'_, T>, epoch: usize, observer: &dyn Observer) -> Result<f64> {
        let f = self.factors;
        let interrupted = || observer.interrupted();
        let Work { user_items, item_users, from_users, memory, counts, .. } = work;
        let Work { user_factors, item_factors, user_features, item_features, .. } = work;
        for (side, factors) in [(&*user_features, &mut **user_factors), (item_features, item_factors)] {
            if let Some(side) = side {
                side.clear_cold(factors, f);
            }
        }
        let relaxation = Relaxation::of_users(self.relaxation, epoch);
        if epoch > 1 {
            relax_items(item_factors, &memory.starts, self.relaxation, epoch);
            if let (Some(side), Relaxation::Later(omega)) =
                (&mut *item_features, Relaxation::of_items(self.relaxation, epoch - 1, epoch))
            {
                side.relax(omega);
            }
        }
        let gram_of_items = gram(item_factors, f);
        let plan = self.plan_of(relaxation, user_features.is_some());
        let users = half_step(
            Given { rows: user_items, known: user_features.as_ref().map(FeatureSide::known) },
            user_factors,
            Opposite { y: item_factors, gram: &gram_of_items, count: counts.1 },
            from_users,
            &plan,
            memory,
            &interrupted,
        )?;
        if !users.loss.is_finite() {
            return Err(Error::Diverged { epoch });
        }
        let mut loss = plan.objective.penalty(user_items, counts.1, user_factors, f);
        if let Some(side) = user_features {
            loss += side.regress(user_factors, users.coefficients).value;
        }
        let relaxation = Relaxation::of_items(self.relaxation, epoch, self.iterations);
        let gram_of_users = gram(user_factors, f);
        let items = half_step(
            Given { rows: item_users, known: item_features.as_ref().map(FeatureSide::known) },
            item_factors,
            Opposite { y: user_factors, gram: &gram_of_users, count: counts.0 },
            &users.turn,
            &self.plan_of(relaxation, item_features.is_some()),
            memory,
            &interrupted,
        )?;
        loss += items.loss;
        if let Some(side) = item_features {
            loss -= side.regress(item_factors, items.coefficients).gain;
            side.fill_cold(item_factors, f);
        }
        if let Some(side) = user_features {
            side.fill_cold(user_factors, f);
        }
        *from_users = items.turn;
        Ok(loss)
    }

    /// How a half-step of a fit is made whose rows have features or not.
    pub(super) fn plan_of(&self, relaxation: Relaxation, features: bool) -> Plan {
        let mut plan = self.plan(relaxation);
        if features {
            plan.objective.regularization *= self.feature_strength.max(1.0);
        }
        plan
    }

    /// How a half-step of a fit is made.
    pub(crate) fn plan(&self, relaxation: Relaxation) -> Plan {
        Plan {
            factors: self.factors,
            objective: self.objective(),
            solver: self.solver,
            cg_steps: self.cg_steps,
            relaxation,
            compact: kernel::has_fast_halves(),
        }
    }

    fn converged(&self, previous: Option<f64>, loss: f64) -> bool {
        match (self.tolerance, previous) {
            (Some(tolerance), Some(previous)) => previous - loss < tolerance * previous,
            _ => false,
        }
    }
}
