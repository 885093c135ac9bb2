using System.Text.Json;
using Json.Schema;

namespace DmIoUring.CommandTests.Cli;

/// <summary>docs/dmio.schema.json, which says what the documents of every command are.</summary>
internal static class DocumentSchema
{
    private static readonly JsonSchema Schema = JsonSchema.FromText(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "dmio.schema.json")));

    /// <summary>The document, which is what the schema says, or the test fails with what is not.</summary>
    public static JsonElement Check(string document)
    {
        JsonElement root = JsonDocument.Parse(document).RootElement;
        EvaluationResults results = Schema.Evaluate(root, new EvaluationOptions { OutputFormat = OutputFormat.List });
        IEnumerable<string> wrong = (results.Details ?? [])
            .Where(static detail => detail.Errors is not null)
            .SelectMany(static detail => detail.Errors!.Select(error => $"{detail.InstanceLocation}: {error.Key}: {error.Value}"));
        Assert.True(results.IsValid, string.Join('\n', wrong) + "\n" + document);
        return root;
    }
}
