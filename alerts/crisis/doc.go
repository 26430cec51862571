// Package crisis tells whether what is said of a brand, or of one of its topics,
// is becoming a crisis: it learns what is usual, finds what is not, and says on
// which evidence. It is pure: times are handed in, and it neither stores nor tells
// anybody; package alerts does both. What a post means is in rules.
package crisis
