//! Nothing to link: the tests of this package are in `all.rs`.
