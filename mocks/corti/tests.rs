//! The vendor's documents, verbatim.
