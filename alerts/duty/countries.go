package duty

import (
	"maps"
	"slices"
	"time"

	"github.com/rickar/cal/v2"
	"github.com/rickar/cal/v2/at"
	"github.com/rickar/cal/v2/au"
	"github.com/rickar/cal/v2/be"
	"github.com/rickar/cal/v2/ch"
	"github.com/rickar/cal/v2/cz"
	"github.com/rickar/cal/v2/de"
	"github.com/rickar/cal/v2/dk"
	"github.com/rickar/cal/v2/es"
	"github.com/rickar/cal/v2/fr"
	"github.com/rickar/cal/v2/gb"
	"github.com/rickar/cal/v2/gr"
	"github.com/rickar/cal/v2/hr"
	"github.com/rickar/cal/v2/ie"
	"github.com/rickar/cal/v2/it"
	"github.com/rickar/cal/v2/lt"
	"github.com/rickar/cal/v2/lv"
	"github.com/rickar/cal/v2/nl"
	"github.com/rickar/cal/v2/no"
	"github.com/rickar/cal/v2/pl"
	"github.com/rickar/cal/v2/ro"
	"github.com/rickar/cal/v2/se"
	"github.com/rickar/cal/v2/si"
	"github.com/rickar/cal/v2/us"
	"github.com/rickar/cal/v2/za"
)

// country is a country, or a region of one, with the public holidays that the
// library knows, and what has become of them since its release in April 2023.
type country struct {
	days    []*cal.Holiday
	without []*cal.Holiday // on which people work
	also    []string       // of every year, as 12-24
}

// countries are those whose holidays from 2026 to 2032 agree with a second, newer
// collection (see docs/adr/0007-libraries.md).
func countries() map[string]country {
	return map[string]country{
		"at":     {days: at.Holidays},
		"au-act": {days: au.HolidaysACT},
		"au-tas": {days: au.HolidaysTAS},
		"au-vic": {days: au.HolidaysVIC},
		"au-wa":  {days: au.HolidaysWA},
		"be":     {days: be.Holidays},
		"ch-ar":  {days: ch.HolidaysAR},
		"ch-be":  {days: ch.HolidaysBE},
		"ch-bs":  {days: ch.HolidaysBS},
		"ch-nw":  {days: ch.HolidaysNW},
		"ch-sg":  {days: ch.HolidaysSG},
		"ch-sh":  {days: ch.HolidaysSH},
		"ch-sz":  {days: ch.HolidaysSZ},
		"ch-tg":  {days: ch.HolidaysTG},
		"ch-zh":  {days: ch.HolidaysZH},
		"cz":     {days: cz.Holidays},
		"de":     {days: de.Holidays},
		"de-bb":  {days: de.HolidaysBB},
		"de-be":  {days: de.HolidaysBE},
		"de-bw":  {days: de.HolidaysBW},
		"de-by":  {days: de.HolidaysBY},
		"de-hb":  {days: de.HolidaysHB},
		"de-he":  {days: de.HolidaysHE},
		"de-hh":  {days: de.HolidaysHH},
		"de-mv":  {days: de.HolidaysMV, also: []string{"03-08"}},
		"de-ni":  {days: de.HolidaysNI},
		"de-nw":  {days: de.HolidaysNW},
		"de-rp":  {days: de.HolidaysRP},
		"de-sh":  {days: de.HolidaysSH},
		"de-sl":  {days: de.HolidaysSL},
		"de-sn":  {days: de.HolidaysSN},
		"de-st":  {days: de.HolidaysST},
		"de-th":  {days: de.HolidaysTH},
		"dk":     {days: dk.Holidays, without: []*cal.Holiday{dk.Grundlovsdag}},
		"es":     {days: es.Holidays},
		"fr":     {days: fr.Holidays},
		"gb":     {days: gb.Holidays},
		"gr":     {days: gr.Holidays},
		"hr":     {days: hr.Holidays},
		"ie":     {days: ie.Holidays},
		"it":     {days: it.Holidays, also: []string{"10-04"}},
		"lt":     {days: lt.Holidays},
		"lv":     {days: lv.Holidays},
		"nl":     {days: nl.Holidays, without: []*cal.Holiday{nl.GoedeVrijdag, nl.BevrijdingsDag}},
		"no":     {days: no.Holidays},
		"pl":     {days: pl.Holidays, also: []string{"12-24"}},
		"ro":     {days: ro.Holidays, also: []string{"01-06", "01-07"}},
		"se":     {days: se.Holidays},
		"si":     {days: si.Holidays},
		"us":     {days: us.Holidays},
		"za":     {days: za.Holidays},
	}
}

// Countries are the countries and regions whose public holidays are known, in
// order: ISO 3166 in lower case.
func Countries() []string { return slices.Sorted(maps.Keys(countries())) }

// The years of which public holidays are known. Others have none.
const (
	firstYear = 2020
	lastYear  = 2120
)

// publicHolidays are the days on which a country rests, moved to another day where
// that is the custom when they fall on a weekend.
func publicHolidays(name string) map[day]bool {
	c, known := countries()[name]
	if !known {
		return nil
	}
	days := map[day]bool{}
	for year := firstYear; year <= lastYear; year++ {
		for _, holiday := range c.days {
			if slices.Contains(c.without, holiday) {
				continue
			}
			if _, observed := holiday.Calc(year); !observed.IsZero() {
				// The library's days begin at the midnight of the machine's zone, which may
				// be 23:00 of the day before where midnight is skipped.
				days[dayOf(observed.Add(12*time.Hour).Date())] = true
			}
		}
		for _, text := range c.also {
			d, _, _ := date(text)
			_, month, dayOfMonth := d.date()
			days[dayOf(year, month, dayOfMonth)] = true
		}
	}
	return days
}
