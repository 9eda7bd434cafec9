//! The two number types that everything works in.

use std::fmt::{Debug, Display};
use std::ops::{Add, Div, Mul, Neg, Sub};

mod sealed {
    pub trait Sealed {}
    impl Sealed for f32 {}
    impl Sealed for f64 {}
}

/// `f32` or `f64`. Sealed: the kernels are written for these two.
pub trait Real:
    sealed::Sealed
    + super::Lanes
    + faer::traits::RealField
    + bytemuck::Pod
    + Send
    + Sync
    + Debug
    + Display
    + Default
    + PartialOrd
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
    + Neg<Output = Self>
    + 'static
{
    /// What these numbers are stored as where half the memory traffic is worth more than half the digits.
    type Compact: super::Stored<Self>;
    /// The largest number that [`Compact`](Self::Compact) holds, if it holds less than this type.
    const COMPACT_MAX: Option<f64>;
    /// 0
    const ZERO: Self;
    /// 1
    const ONE: Self;
    /// NaN.
    const NAN: Self;
    /// −∞, the score of a slot that could not be filled.
    const NEG_INFINITY: Self;
    /// The largest finite number.
    const MAX: Self;
    /// The distance from 1 to the next larger number.
    const EPSILON: Self;
    /// A score and an id in one integer: of two, the larger has the higher score, or the same and the smaller id.
    type Place: Ord + Copy + Send + Sync;
    /// The place of this score, which is not NaN, with this id.
    fn place(self, id: u32) -> Self::Place;
    /// The score and the id of a place.
    fn of_place(place: Self::Place) -> (Self, u32);
    /// Rounds to this type.
    fn from_f64(value: f64) -> Self;
    /// Widens without loss.
    fn to_f64(self) -> f64;
    /// √x
    #[must_use]
    fn root(self) -> Self;
    /// Neither NaN nor infinite.
    fn is_finite(self) -> bool;
    /// Whether this is NaN.
    fn is_nan(self) -> bool;
}

macro_rules! real {
    ($float:ident, $bits:ident, $signed:ident, $place:ident, $compact:ty, $compact_max:expr) => {
        #[allow(clippy::cast_lossless)]
        impl Real for $float {
            type Compact = $compact;
            const COMPACT_MAX: Option<f64> = $compact_max;
            const ZERO: Self = 0.0;
            const ONE: Self = 1.0;
            const NAN: Self = $float::NAN;
            const NEG_INFINITY: Self = $float::NEG_INFINITY;
            const MAX: Self = $float::MAX;
            const EPSILON: Self = $float::EPSILON;
            type Place = $place;
            #[inline(always)]
            fn place(self, id: u32) -> $place {
                // Both zeros are the same score. Of negative numbers all bits are turned, of others the sign.
                let bits = (self + 0.0).to_bits();
                let turned =
                    bits ^ (((bits as $signed) >> ($bits::BITS - 1)) as $bits | (1 << ($bits::BITS - 1)));
                (turned as $place) << 32 | !id as $place
            }
            #[inline(always)]
            fn of_place(place: $place) -> (Self, u32) {
                let turned = (place >> 32) as $bits;
                let mask = if turned >> ($bits::BITS - 1) == 1 { 1 << ($bits::BITS - 1) } else { $bits::MAX };
                (Self::from_bits(turned ^ mask), !(place as u32))
            }
            fn from_f64(value: f64) -> Self {
                value as $float
            }
            fn to_f64(self) -> f64 {
                self as f64
            }
            fn root(self) -> Self {
                self.sqrt()
            }
            fn is_finite(self) -> bool {
                self.is_finite()
            }
            fn is_nan(self) -> bool {
                self.is_nan()
            }
        }
    };
}

real!(f32, u32, i32, u64, super::Half, Some(65504.0));
real!(f64, u64, i64, u128, f64, None);
