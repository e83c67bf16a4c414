//! AWS Signature Version 4, verified over the bytes that came. (In its own commit.)
