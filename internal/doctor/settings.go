package doctor

import (
	"cmp"
	"context"
	"os"

	"bigcommerce-payments-mcp/bcapi"
)

// maxStoreHash is more than any store's hash is long, and less than an access
// token.
const maxStoreHash = 24

// swapped reports whether the store hash may be the access token: both are made
// of the same characters, and the hash is shown everywhere.
func (d *doctor) swapped() bool { return len(d.API.StoreHash) > maxStoreHash }

// problem is why the client does not take a setting; nil when it does.
func (d *doctor) problem(setting string) error {
	for _, problem := range d.API.Problems() {
		if problem.Setting == setting {
			return d.Explain(problem)
		}
	}
	return nil
}

func (d *doctor) storeHash(context.Context) finding {
	problem := d.problem("store-hash")
	switch {
	case d.Sandbox:
		return ok("%q, the embedded store (--sandbox)", d.API.StoreHash)
	case problem != nil:
		return failed(problem.Error(), "Set BIGCOMMERCE_STORE_HASH (--store-hash) to what stands between /stores/ and /v3 in the API path of the store's API account.")
	case d.swapped():
		return failed("BIGCOMMERCE_STORE_HASH is far longer than a store hash; it is not shown, since it may be an access token",
			"Look whether BIGCOMMERCE_STORE_HASH and BIGCOMMERCE_ACCESS_TOKEN hold each other's values.")
	}
	return ok("%q", d.API.StoreHash)
}

func (d *doctor) accessToken(context.Context) finding {
	problem := cmp.Or(d.TokenProblem, d.problem("access-token"))
	switch {
	case d.Sandbox:
		return ok("the embedded store's own")
	case problem != nil:
		return failed(problem.Error(), "Keep the API account's access token in a file that only you can read, and set BIGCOMMERCE_ACCESS_TOKEN_FILE to its path.")
	case d.TokenFile == "":
		return ok("set by BIGCOMMERCE_ACCESS_TOKEN")
	case openToOthers(d.TokenFile):
		return warning("others on this machine may read the file that BIGCOMMERCE_ACCESS_TOKEN_FILE names", "Take their rights to it away: chmod 600.")
	}
	return ok("in the file that BIGCOMMERCE_ACCESS_TOKEN_FILE names")
}

func (d *doctor) apiURL(context.Context) finding {
	if problem := d.problem("api-url"); problem != nil {
		return failed(problem.Error(), "Unset BIGCOMMERCE_API_URL (--api-url) for "+bcapi.DefaultAPIURL+", where the API of every store is.")
	}
	return ok("%s", cmp.Or(d.API.APIURL, bcapi.DefaultAPIURL))
}

// openToOthers reports whether somebody else than its owner has a right to a
// file or folder.
func openToOthers(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().Perm()&0o077 != 0
}
