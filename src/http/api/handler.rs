//! A handler as what its arguments and its answer tell together.

use super::Told;
use super::answers::Answers;
use super::asks::Asks;

/// Any handler whose arguments ask and whose answer answers. `A` and `R` are they.
pub(in crate::http) trait Documented<A, R> {
    fn tell(told: &mut Told<'_>);
}

macro_rules! documented {
    ($($argument:ident)*) => {
        impl<F, Future, R, $($argument,)*> Documented<($($argument,)*), R> for F
        where
            F: FnOnce($($argument),*) -> Future,
            Future: std::future::Future<Output = R>,
            R: Answers,
            $($argument: Asks,)*
        {
            fn tell(told: &mut Told<'_>) {
                $($argument::tell(told);)*
                R::tell(told);
            }
        }
    };
}

documented!();
documented!(A1);
documented!(A1 A2);
documented!(A1 A2 A3);
documented!(A1 A2 A3 A4);
documented!(A1 A2 A3 A4 A5);
documented!(A1 A2 A3 A4 A5 A6);
documented!(A1 A2 A3 A4 A5 A6 A7);
