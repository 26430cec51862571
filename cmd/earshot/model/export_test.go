package model

// ReadAnswer is readAnswer, for fuzzing.
var ReadAnswer = readAnswer
