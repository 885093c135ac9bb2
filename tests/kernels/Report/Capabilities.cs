using System.Text.Json;

namespace DmIoUring.KernelReport;

/// <summary>What <c>dmio info --json</c> said of the kernel's io_uring.</summary>
/// <param name="Ring">What carries a client's requests there by default.</param>
/// <param name="Refusal">Why io_uring does not; null where it does.</param>
/// <param name="Lacking">The abilities that are not there, each with the reason.</param>
internal sealed record Capabilities(string Ring, string? Refusal, IReadOnlyList<string> Lacking)
{
    public static Capabilities? Read(string path)
    {
        if (!File.Exists(path))
            return null;
        try
        {
            using JsonDocument document = JsonDocument.Parse(File.ReadAllText(path));
            JsonElement ring = document.RootElement.GetProperty("ring");
            return new Capabilities(
                ring.GetProperty("ring").ValueEquals("io_uring") ? Rings.IoUring : Rings.Workers,
                ring.TryGetProperty("refusal_reason", out JsonElement reason) ? reason.GetString() : null,
                [.. ring.GetProperty("features").EnumerateArray().Where(static feature => !feature.GetProperty("is_available").GetBoolean())
                    .Select(static feature => $"{feature.GetProperty("name")}: {feature.GetProperty("reason")}")]);
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
