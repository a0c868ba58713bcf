//! Where the runs of a sweep live: the traits Queue and Store, and SQLite.
