using System.Text.Json;
using DmIoUring.SideBySide.Contests;

namespace DmIoUring.SideBySide.Running;

/// <summary>The figures in what a program printed.</summary>
internal static class Readings
{
    /// <summary>What a document says of itself, settings, devices: not measured.</summary>
    private static readonly string[] NotMeasured = ["schema", "exit_code", "settings", "devices"];

    /// <summary>All numbers, by their names with dots between them.</summary>
    /// <exception cref="ChildException">It is no such document.</exception>
    public static IReadOnlyDictionary<string, double> Of(Tool tool, string output)
    {
        SortedDictionary<string, double> values = new(StringComparer.Ordinal);
        try
        {
            using JsonDocument document = JsonDocument.Parse(output);
            if (tool == Tool.Fio)
                AddFio(document.RootElement, values);
            else
                Add(document.RootElement, "", values);
        }
        catch (Exception exception) when (exception is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            throw new ChildException($"What it printed is not understood ({exception.Message}):\n{output}");
        }

        return values;
    }

    private static void AddFio(JsonElement document, SortedDictionary<string, double> values)
    {
        JsonElement read = document.GetProperty("jobs")[0].GetProperty("read");
        values["iops"] = read.GetProperty("iops").GetDouble();
        values["bw_bytes"] = read.GetProperty("bw_bytes").GetDouble();
    }

    private static void Add(JsonElement of, string prefix, SortedDictionary<string, double> values)
    {
        foreach (JsonProperty property in of.EnumerateObject())
        {
            if (NotMeasured.Contains(property.Name, StringComparer.Ordinal))
                continue;
            string name = prefix + property.Name;
            switch (property.Value.ValueKind)
            {
                case JsonValueKind.Number:
                    values[name] = property.Value.GetDouble();
                    break;
                case JsonValueKind.Object:
                    Add(property.Value, name + ".", values);
                    break;
                case JsonValueKind.Array:
                    AddPoints(property.Value, name, values);
                    break;
            }
        }
    }

    /// <summary>
    /// Points of a curve, <c>{"depth": 32, "ns_per_request": 40, "bare_ns": 12}</c>: the first number names the point, the second is
    /// its value, more are curves of their own.
    /// </summary>
    private static void AddPoints(JsonElement points, string curve, SortedDictionary<string, double> values)
    {
        foreach (JsonElement point in points.EnumerateArray())
        {
            if (point.EnumerateObject().ToArray() is not [JsonProperty name, JsonProperty value, .. JsonProperty[] more])
                throw new InvalidOperationException("a point has two numbers");
            string key = "." + name.Value.GetRawText();
            values[curve + key] = value.Value.GetDouble();
            foreach (JsonProperty other in more)
                values[$"{curve}_{other.Name}{key}"] = other.Value.GetDouble();
        }
    }
}
