package sandbox

import _ "embed" // for the document

//go:embed openapi.yaml
var openAPI []byte

// OpenAPI returns the OpenAPI 3 document of the API that the sandbox answers for, as YAML.
func OpenAPI() []byte { return openAPI }
