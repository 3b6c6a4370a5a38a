//! What a container has in common with what it holds: it compares, orders, hashes and prints as that, whatever its capacity.

/// Writes it for a container of which `$view` is what it holds: for it and one of another capacity with the same items, and for it
/// and one with items `where` those compare; `std` for it and types of the standard library, both ways.
macro_rules! compare {
    (
        [$($generics:tt)*] $Container:ty, of [$($T:ident)?], [$($other:tt)*] $Other:ty,
        [$($equal:tt)*] $Equal:ty where [$($comparable:tt)*], |$it:ident| $view:expr
    ) => {
        impl<$($generics)*> std::fmt::Debug for $Container
        where
            $($T: std::fmt::Debug,)?
        {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                let $it = self;
                std::fmt::Debug::fmt(&$view, f)
            }
        }

        impl<$($generics)*, $($equal)*> PartialEq<$Equal> for $Container
        where
            $($comparable)*
        {
            #[inline]
            fn eq(&self, other: &$Equal) -> bool {
                let this = { let $it = self; $view };
                let that = { let $it = other; $view };
                this == that
            }
        }

        impl<$($generics)*> Eq for $Container where $($T: Eq,)? {}

        impl<$($generics)*, $($other)*> PartialOrd<$Other> for $Container
        where
            $($T: PartialOrd,)?
        {
            fn partial_cmp(&self, other: &$Other) -> Option<std::cmp::Ordering> {
                PartialOrd::partial_cmp(&{ let $it = self; $view }, &{ let $it = other; $view })
            }
        }

        impl<$($generics)*> Ord for $Container
        where
            $($T: Ord,)?
        {
            fn cmp(&self, other: &Self) -> std::cmp::Ordering {
                Ord::cmp(&{ let $it = self; $view }, &{ let $it = other; $view })
            }
        }

        impl<$($generics)*> std::hash::Hash for $Container
        where
            $($T: std::hash::Hash,)?
        {
            fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
                let $it = self;
                std::hash::Hash::hash(&$view, state);
            }
        }
    };
    (std $generics:tt $Container:ty, $there:tt $back:tt, $view:ident; $($param:tt $Std:ty;)*) => {$(
        $crate::containers::compare::compare! { one $generics $Container, $there $back, $view; $param $Std }
    )*};
    (
        one [$($generics:tt)*] $Container:ty, [$($there:tt)*] [$($back:tt)*], $view:ident; [$($param:tt)*] $Std:ty
    ) => {
        impl<$($generics)*, $($param)*> PartialEq<$Std> for $Container
        where
            $($there)*
        {
            #[inline]
            fn eq(&self, other: &$Std) -> bool {
                self.$view() == &other[..]
            }
        }

        impl<$($generics)*, $($param)*> PartialEq<$Container> for $Std
        where
            $($back)*
        {
            #[inline]
            fn eq(&self, other: &$Container) -> bool {
                &self[..] == other.$view()
            }
        }
    };
}

/// Writes what a loop over a borrowed container needs: `iter` and `iter_mut` yield its items.
macro_rules! iterate {
    ([$($generics:tt)*] $Container:ty, $Iter:ty = $Item:ty) => {
        impl<'a, $($generics)*> IntoIterator for &'a $Container {
            type Item = $Item;
            type IntoIter = $Iter;

            #[inline]
            fn into_iter(self) -> Self::IntoIter {
                self.iter()
            }
        }
    };
    ([$($generics:tt)*] $Container:ty, $Iter:ty = $Item:ty, $IterMut:ty = $ItemMut:ty) => {
        $crate::containers::compare::iterate! { [$($generics)*] $Container, $Iter = $Item }

        /// As `iter_mut`, which marks all.
        impl<'a, $($generics)*> IntoIterator for &'a mut $Container {
            type Item = $ItemMut;
            type IntoIter = $IterMut;

            #[inline]
            fn into_iter(self) -> Self::IntoIter {
                self.iter_mut()
            }
        }
    };
}

pub(super) use {compare, iterate};
