package importer

import "context"

// Inline checks rows and carries them out, as one call that waits to the end.
func (im *Importer) Inline(ctx context.Context, rows Inline, options Options, progress Progress) (*Summary, error) {
	j, err := im.PlanInline(ctx, rows, options)
	if err != nil {
		return nil, err
	}
	if j.Ended != nil {
		return j.Ended, nil
	}
	return j.Apply(ctx, progress)
}
