using System.Text.Json;
using System.Text.Json.Nodes;

namespace DmIoUring.SideBySide.Results;

/// <summary>results.json: one line a measurement, so that it can be read, searched and compared.</summary>
internal static class SessionFile
{
    private const string MeasurementsName = "measurements";

    /// <summary>The session that was kept.</summary>
    /// <exception cref="IOException">It is not there.</exception>
    /// <exception cref="JsonException">It is no session.</exception>
    public static Session Read(string path) =>
        JsonSerializer.Deserialize(File.ReadAllText(path), SessionJson.Default.Session) ?? throw new JsonException($"{path} holds nothing.");

    public static void Write(string path, Session session) => File.WriteAllText(path, ToText(session));

    public static string ToText(Session session)
    {
        JsonObject document = JsonSerializer.SerializeToNode(session, SessionJson.Default.Session)!.AsObject();
        IEnumerable<string> lines = document.Select(static property => string.Equals(property.Key, MeasurementsName, StringComparison.Ordinal)
            ? $"\"{property.Key}\": [\n{string.Join(",\n", property.Value!.AsArray().Select(static one => one!.ToJsonString()))}\n]"
            : $"\"{property.Key}\": {property.Value!.ToJsonString()}");
        return $"{{\n{string.Join(",\n", lines)}\n}}\n";
    }
}
