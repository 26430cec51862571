# Everything that is done to earshot by hand. Each target says what it does; CI
# does the same in .ci/run.
.DEFAULT_GOAL := help
.PHONY: help build test lint fmt fuzz crash powercut bench install

FUZZTIME ?= 30s

help: ## Show this list
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

build: ## Build build/earshot, without cgo
	CGO_ENABLED=0 go build -trimpath -o build/earshot ./cmd/earshot

test: ## Run all tests; what is missing on this machine is skipped and named
	go test ./...

lint: ## Say what is wrong or could be said in fewer words
	go vet ./...
	go tool -modfile=tools/lint/go.mod golangci-lint run --allow-parallel-runners

fmt: ## Format all Go files
	git ls-files -z '*.go' | xargs -0 go tool -modfile=tools/go.mod gofumpt -modpath earshot -l -w

fuzz: ## Run each fuzz target for FUZZTIME (30s)
	@go list ./... | while read -r pkg; do \
		targets=$$(go test -list '^Fuzz' "$$pkg") || exit 1; \
		for target in $$(echo "$$targets" | grep '^Fuzz'); do \
			echo "$$pkg $$target"; \
			go test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) "$$pkg" || exit 1; \
		done; \
	done

crash: ## Kill the daemon 50 times over 20,000 posts and count what is left (minutes)
	EARSHOT_CRASH=full go test -count=1 -timeout 30m -v -run '^TestCrash' ./cmd/earshot

powercut: ## Cut the power under the store and compare with what was acknowledged (root)
	EARSHOT_POWERCUT=1 go test -count=1 -timeout 30m -v -run PowerCut ./bus

bench: ## Measure; docs/benchmarks.md says what the figures should be
	go test -run '^$$' -bench . -benchmem ./...

install: build ## Install binary, man pages and unit below DESTDIR, by default /
	install -D -m 0755 build/earshot $(DESTDIR)/usr/local/bin/earshot
	install -d $(DESTDIR)/usr/local/share/man/man1
	build/earshot man $(DESTDIR)/usr/local/share/man/man1
	install -D -m 0644 -t $(DESTDIR)/etc/systemd/system systemd/earshot.service
