package config

//go:generate sh -c "go run petrify/cmd/petrify config print > ../../docs/configuration.yaml"
//go:generate sh -c "go run petrify/cmd/petrify config schema > ../../docs/configuration.schema.json"
