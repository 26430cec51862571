package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"earshot/cmd/earshot/strict"
	"earshot/listeners/recipes"
)

func newRecipesCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "recipes [NAME]",
		Short: "List the networks that need no driver, or show one",
		Long: "Lists the recipes: listeners of the type recipe/NAME, which need their parameters\n" +
			"only. With a name it prints the parameters and what the recipe is made of. It\n" +
			"needs no daemon.",
		Example: "  earshot sources recipes\n" +
			"  earshot sources recipes hackernews",
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return printRecipes(cmd.OutOrStdout(), allRecipes())
			}
			r := findRecipe(recipePrefix + strings.TrimPrefix(args[0], recipePrefix))
			if r == nil {
				return fmt.Errorf("there is no recipe %q (%s)", args[0], strict.Suggest(args[0], recipes.Names()))
			}
			return r.print(cmd.OutOrStdout())
		},
		ValidArgsFunction: func(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
			if len(args) > 0 {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			return slices.Clone(recipes.Names()), cobra.ShellCompDirectiveNoFileComp
		},
	}
}

// printRecipes lists recipes, one a line.
func printRecipes(w io.Writer, all []*recipe) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "TYPE\tPARAMETERS\tHEARS")
	for _, r := range all {
		var names []string
		for _, p := range r.Parameters {
			if !p.Required {
				p.Name = "[" + p.Name + "]"
			}
			names = append(names, p.Name)
		}
		if len(names) == 0 {
			names = []string{"-"}
		}
		fmt.Fprintf(t, "%s%s\t%s\t%s\n", recipePrefix, r.Name, strings.Join(names, " "), r.About)
	}
	return t.Flush()
}

// print shows a recipe in full.
func (r *recipe) print(w io.Writer) error {
	fmt.Fprintf(w, "%s%s: %s.\nMisses: %s.\nMade by: %s\n\nParameters:\n", recipePrefix, r.Name, r.About, r.Misses, r.Document)
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, p := range r.Parameters {
		kind := "optional"
		switch {
		case p.Required:
			kind = "required"
		case p.Default != "":
			kind = "default " + p.Default
		}
		fmt.Fprintf(t, "  %s\t%s\t%s\n", p.Name, kind, p.About)
	}
	if len(r.Parameters) == 0 {
		fmt.Fprintln(t, "  none")
	}
	if err := t.Flush(); err != nil {
		return err
	}
	fmt.Fprintf(w, "\nExample:\n  listeners:\n    - %s\n", r.example())
	_, err := fmt.Fprintf(w, "\nThe same as a listener of the type %s with these keys; those that yours has replace them:\n%s", r.Driver, r.section())
	return err
}

// example is a listener of the recipe.
func (r *recipe) example() string {
	keys := []string{"name: " + r.Name, "type: " + recipePrefix + r.Name}
	for _, p := range r.Parameters {
		if p.Required {
			example := p.Example
			if p.As == "text" {
				example = "'" + example + "'"
			}
			keys = append(keys, p.Name+": "+example)
		}
	}
	return "{" + strings.Join(keys, ", ") + "}"
}
