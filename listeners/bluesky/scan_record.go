package bluesky

import "earshot/listeners/jsonscan"

func (s scanner) record(r *record, key string) bool {
	switch key {
	case "text":
		return s.String(&r.Text)
	case "createdAt":
		return s.String(&r.CreatedAt)
	case "langs":
		return jsonscan.Array(s.Scanner, &r.Langs, s.String)
	case "facets":
		return jsonscan.Array(s.Scanner, &r.Facets, s.facet)
	case "reply":
		return s.fields(func(key string) bool {
			switch key {
			case "root":
				return s.ref(&r.Reply.Root)
			case "parent":
				return s.ref(&r.Reply.Parent)
			}
			return s.Unknown(key, "root", "parent")
		})
	case "embed":
		return s.fields(func(key string) bool { return s.embed(&r.Embed, key) })
	case "labels":
		return s.fields(func(key string) bool {
			if key == "values" {
				return jsonscan.Array(s.Scanner, &r.Labels.Values, s.label)
			}
			return s.Unknown(key, "values")
		})
	}
	return s.Unknown(key, "text", "createdAt", "langs", "facets", "reply", "embed", "labels")
}

// fields reads an object or null.
func (s scanner) fields(field func(key string) bool) bool { return s.Null() || s.Object(field) }

func (s scanner) ref(to *ref) bool {
	return s.fields(func(key string) bool {
		if key == "uri" {
			return s.String(&to.URI)
		}
		return s.Unknown(key, "uri")
	})
}

func (s scanner) label(to *label) bool {
	return s.fields(func(key string) bool {
		if key == "val" {
			return s.String(&to.Val)
		}
		return s.Unknown(key, "val")
	})
}

func (s scanner) facet(to *facet) bool {
	return s.fields(func(key string) bool {
		switch key {
		case "index":
			return s.fields(func(key string) bool {
				switch key {
				case "byteStart":
					return s.Int(&to.Index.Start)
				case "byteEnd":
					return s.Int(&to.Index.End)
				}
				return s.Unknown(key, "byteStart", "byteEnd")
			})
		case "features":
			return jsonscan.Array(s.Scanner, &to.Features, s.feature)
		}
		return s.Unknown(key, "index", "features")
	})
}

func (s scanner) feature(to *feature) bool {
	return s.fields(func(key string) bool {
		switch key {
		case "$type":
			return s.String(&to.Type)
		case "uri":
			return s.String(&to.URI)
		case "did":
			return s.String(&to.DID)
		}
		return s.Unknown(key, "$type", "uri", "did")
	})
}

func (s scanner) embed(to *embed, key string) bool {
	switch key {
	case "record":
		return s.fields(func(key string) bool {
			switch key {
			case "uri":
				return s.String(&to.Record.URI)
			case "record":
				return s.ref(&to.Record.Record)
			}
			return s.Unknown(key, "uri", "record")
		})
	case "media":
		return s.fields(func(key string) bool { return s.picture(&to.Media, key, "") })
	}
	return s.picture(&to.picture, key, "record", "media")
}

// picture reads a key of a picture; beside are the other keys where it stands.
func (s scanner) picture(to *picture, key string, beside ...string) bool {
	switch key {
	case "images":
		return jsonscan.Array(s.Scanner, &to.Images, s.image)
	case "items":
		return jsonscan.Array(s.Scanner, &to.Items, s.image)
	case "video":
		return s.blob(&to.Video)
	case "alt":
		return s.String(&to.Alt)
	case "external":
		return s.fields(func(key string) bool {
			if key == "uri" {
				return s.String(&to.External.URI)
			}
			return s.Unknown(key, "uri")
		})
	}
	return s.Unknown(key, append(beside, "images", "items", "video", "alt", "external")...)
}

func (s scanner) image(to *image) bool {
	return s.fields(func(key string) bool {
		switch key {
		case "image":
			return s.blob(&to.Image)
		case "alt":
			return s.String(&to.Alt)
		}
		return s.Unknown(key, "image", "alt")
	})
}

func (s scanner) blob(to *blob) bool {
	return s.fields(func(key string) bool {
		switch key {
		case "ref":
			return s.fields(func(key string) bool {
				if key == "$link" {
					return s.String(&to.Ref.CID)
				}
				return s.Unknown(key, "$link")
			})
		case "mimeType":
			return s.String(&to.Type)
		}
		return s.Unknown(key, "ref", "mimeType")
	})
}
