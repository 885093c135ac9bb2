using System.Text.Json;

namespace DmIoUring.KernelReport;

/// <summary>The results of a test program, in the Common Test Report Format.</summary>
internal static class TestResults
{
    /// <summary>What a test throws that insists on io_uring where there is none.</summary>
    private const string RingRefused = "DmIoUring.IoUringUnavailableException";

    public static IEnumerable<Result> Read(string path, Capabilities? capabilities)
    {
        using JsonDocument document = JsonDocument.Parse(File.ReadAllText(path));
        foreach (JsonElement test in document.RootElement.GetProperty("results").GetProperty("tests").EnumerateArray())
        {
            string name = test.GetProperty("name").GetString()!;
            string text = test.TryGetProperty("message", out JsonElement message) ? message.GetString() ?? "" : "";
            ResultStatus status = test.GetProperty("status").GetString() switch
            {
                "passed" => ResultStatus.Passed,
                "skipped" or "pending" => ResultStatus.Absent,
                _ => ResultStatus.Failed,
            };
            if (status == ResultStatus.Absent)
                text = Extra(test, "reason");
            if (status == ResultStatus.Failed && capabilities?.Refusal is string refusal && Extra(test, "exception").Contains(RingRefused, StringComparison.Ordinal))
                (status, text) = (ResultStatus.Absent, refusal);
            yield return new Result(name, Rings.Of(name, capabilities?.Ring ?? Rings.IoUring), status, text);
        }
    }

    private static string Extra(JsonElement test, string name) =>
        test.TryGetProperty("extra", out JsonElement extra) && extra.TryGetProperty(name, out JsonElement value) ? value.ToString() : "";
}
