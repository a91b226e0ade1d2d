.DEFAULT_GOAL := help
.PHONY: help build test lint fuzz inspect demo ci

help: ## list the commands
	@grep -E '^[a-z]+:.*##' Makefile | sed -E 's/:.*## /\t/'

build: ## build the binary
	CGO_ENABLED=0 go build -trimpath -ldflags='-s -w' .

test: ## run every test
	go test ./...

lint: ## gofmt, vet and golangci-lint
	@test -z "$$(gofmt -l .)" || { gofmt -l .; exit 1; }
	go vet ./...
	go tool -modfile=.ci/tools.mod golangci-lint run ./...

fuzz: ## run each fuzz target for a while
	.ci/fuzz 100000x

inspect: build ## open MCP Inspector on the embedded store
	npx @modelcontextprotocol/inspector ./bigcommerce-payments-mcp --sandbox

demo: ## import an example into the embedded store
	go run . import examples/cards.csv --sandbox --yes

ci: ## everything that has to pass before a change lands
	.ci/run
