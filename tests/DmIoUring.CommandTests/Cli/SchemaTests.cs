using System.Text.Json;
using DmIoUring.Cli;
using DmIoUring.Testing;
using DmIoUring.TestSupport;

namespace DmIoUring.CommandTests.Cli;

/// <summary>What every command prints for a program, under what it meets; other tests' documents are checked as they are read (<see cref="Dmio"/>).</summary>
public sealed class SchemaTests : IDisposable
{
    /// <summary>EIO.</summary>
    private const int MediumError = 5;

    private readonly CopyFiles _files = new();

    public void Dispose() => _files.Dispose();

    [Theory]
    [InlineData(0, "info SOURCE")]
    [InlineData(2, "info SOURCE /nosuch")]
    [InlineData(0, "copy SOURCE NEW --verify")]
    [InlineData(2, "copy SOURCE SOURCE")]
    [InlineData(0, "mirror create SOURCE NEW --size 512K")]
    [InlineData(2, "mirror status SOURCE")]
    [InlineData(0, "bench --filename SOURCE --runtime 0.1 --ramp_time 0 --rw randread --driver reactor --wait busy --iopoll none")]
    [InlineData(0, "bench --filename SOURCE --runtime 0.1 --ramp_time 0 --rw randrw --destroy --completion await --garbage 1M")]
    [InlineData(0, "bench --filename SOURCE --runtime 0.1 --ramp_time 0 --rate_iops 100 --ring worker --worker-threads 2 --spin 10 --batch-wait 5")]
    [InlineData(2, "bench --filename SOURCE --runtime 0.1 --rw write")]
    [InlineData(0, "stress --files --runtime 0.3 --size 1M --numjobs 1")]
    [InlineData(2, "stress /nosuch")]
    public async Task Document_IsWhatTheSchemaSays(int exitCode, string command)
    {
        string[] words = [.. command.Split(' ')
            .Select(word => word is "SOURCE" ? _files.Source : word is "NEW" ? _files.PathOf("new") : word)];
        await CheckAsync(exitCode, words[0], words);
    }

    [Fact]
    public async Task DocumentsOfDevicesThatFail_AreWhatTheSchemaSays()
    {
        using FaultDevice device = new(size: 4 << 20);
        await CheckAsync(0, "info", "info", device.Path);
        using Fault fault = device.File.Fail(MediumOperations.Read | MediumOperations.Write, MediumError);
        JsonElement copy = await CheckAsync(1, "copy", "copy", _files.Source, _files.PathOf("new"), device.Path);
        Assert.Equal(("0b10", 2), (copy.GetProperty("failed").GetProperty("text").GetString(), copy.GetProperty("failed").GetProperty("bits").GetInt32()));
        JsonElement source = await CheckAsync(1, "copy", "copy", device.Path, _files.PathOf("other"));
        Assert.NotEmpty(source.GetProperty("not_copied").EnumerateArray());
        JsonElement bench = await CheckAsync(1, "bench", "bench", "--filename", device.Path, "--rw", "randread");
        Assert.Equal("0b1", bench.GetProperty("failure").GetProperty("failed").GetProperty("text").GetString());
    }

    /// <summary>An object that may hold anything would let every document pass.</summary>
    [Fact]
    public void EveryObjectOfTheSchema_NamesItsProperties_OrTheirType()
    {
        using JsonDocument schema = JsonDocument.Parse(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "dmio.schema.json")));
        int objects = Count(schema.RootElement);
        Assert.InRange(objects, 20, 100);

        static int Count(JsonElement element)
        {
            if (element.ValueKind == JsonValueKind.Array)
                return element.EnumerateArray().Sum(Count);
            if (element.ValueKind != JsonValueKind.Object)
                return 0;
            int self = 0;
            if (element.TryGetProperty("properties", out _) && element.TryGetProperty("type", out _))
            {
                JsonElement others = element.GetProperty("additionalProperties");
                Assert.True(others.ValueKind == JsonValueKind.False || others.TryGetProperty("type", out _), element.GetRawText());
                self = 1;
            }

            return self + element.EnumerateObject().Sum(static property => Count(property.Value));
        }
    }

    /// <summary>One naming policy for names and for the words that a value may be.</summary>
    [Fact]
    public void EveryNameAndWordOfTheSchema_IsInSnakeCase()
    {
        using JsonDocument schema = JsonDocument.Parse(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "dmio.schema.json")));
        string[] words = [.. Words(schema.RootElement)];
        Assert.InRange(words.Length, 100, 2000);
        Assert.All(words, static word => Assert.Matches("^[a-z0-9_.]+$", word));

        static IEnumerable<string> Words(JsonElement element) => element.ValueKind switch
        {
            JsonValueKind.Array => element.EnumerateArray().SelectMany(Words),
            JsonValueKind.Object => element.EnumerateObject().SelectMany(static property => (property.Name, property.Value.ValueKind) switch
            {
                ("properties", JsonValueKind.Object) => property.Value.EnumerateObject().SelectMany(static named => Words(named.Value).Prepend(named.Name)),
                ("enum", JsonValueKind.Array) => property.Value.EnumerateArray().Where(static word => word.ValueKind == JsonValueKind.String).Select(static word => word.GetString()!),
                _ => Words(property.Value),
            }),
            _ => [],
        };
    }

    /// <summary>Not every host has each of them.</summary>
    [Fact]
    public void EveryRefusalOfIoUring_IsAWordOfTheSchema()
    {
        using JsonDocument schema = JsonDocument.Parse(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "dmio.schema.json")));
        JsonElement words = schema.RootElement.GetProperty("$defs").GetProperty("capabilities").GetProperty("properties").GetProperty("refusal").GetProperty("enum");
        Assert.Equal(
            Enum.GetValues<IoUringRefusal>().Select(static refusal => JsonSerializer.SerializeToElement(refusal, typeof(IoUringRefusal), ReportJson.Default).GetString()),
            words.EnumerateArray().Select(static word => word.GetString()),
            StringComparer.Ordinal);
    }

    private static async Task<JsonElement> CheckAsync(int exitCode, string command, params string[] words)
    {
        Dmio run = await Dmio.RunAsync([.. words, "--json"]);
        Assert.True(exitCode == run.ExitCode, run.Errors + run.Output);
        JsonElement document = DocumentSchema.Check(run.Output);
        Assert.Equal((1, command, exitCode), (document.GetProperty("schema").GetInt32(), document.GetProperty("command").GetString(), document.GetProperty("exit_code").GetInt32()));
        return document;
    }
}
