//! Turns a sweep file (YAML or JSON) into a validated sweep configuration, or into the list of all its problems.
