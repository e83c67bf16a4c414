module github.com/locum-dev/locum/crates/bindings/go

go 1.22
