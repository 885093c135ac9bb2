using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using DmIoUring.Cli;
using DmIoUring.Cli.Commands;
using DmIoUring.Cli.Copy;
using DmIoUring.Cli.Stress;

namespace DmIoUring.CommandTests.Cli;

/// <summary>The command in this process: exit code, standard output, standard error.</summary>
internal sealed record Dmio(int ExitCode, string Output, string Errors)
{
    public static async Task<Dmio> RunAsync(params string[] arguments) =>
        await RunCancellableAsync(arguments, TestContext.Current.CancellationToken);

    public static async Task<Dmio> RunCancellableAsync(string[] arguments, CancellationToken cancellation)
    {
        StringWriter output = new();
        StringWriter errors = new();
        Terminal terminal = Terminal.OfText(output, errors);
        int exitCode = await CommandLine.RunAsync(arguments, terminal, cancellation);
        return new Dmio(exitCode, output.ToString(), errors.ToString());
    }

    /// <summary>The document, which is what the schema says.</summary>
    public T Document<T>(JsonTypeInfo<T> type) => DocumentSchema.Check(Output).Deserialize(type)!;

    public StressReport StressReport() => Document(ReportJson.Default.StressReport);

    public CopyReport CopyReport() => Document(ReportJson.Default.CopyReport);

    public void AssertRefused(params ReadOnlySpan<string> words)
    {
        Assert.Equal(2, ExitCode);
        foreach (string word in words)
            Assert.Contains(word, Errors, StringComparison.Ordinal);
    }
}
