using DmIoUring.SideBySide.Contests;
using DmIoUring.SideBySide.Running;

namespace DmIoUring.CommandTests.SideBySide;

public sealed class ReadingsTests
{
    [Fact]
    public void OfDmio_AreItsNumbers_WithoutItsSettings()
    {
        IReadOnlyDictionary<string, double> values = Readings.Of(
            Tool.Dmio,
            """
            {"schema": 1, "exit_code": 0, "outcome": "complete", "iops": 5.5, "lat_ns": {"p50": 7, "p99_9": 9}, "ios_per_enter": null,
             "devices": [{"path": "/dev/x", "bytes": 1}], "settings": {"bs": 4096}}
            """);
        Assert.Equal("iops lat_ns.p50 lat_ns.p99_9", string.Join(' ', values.Keys));
        Assert.Equal(9, values["lat_ns.p99_9"]);
    }

    [Fact]
    public void OfFio_AreItsFirstJobsReads()
    {
        IReadOnlyDictionary<string, double> values = Readings.Of(Tool.Fio, """{"jobs": [{"read": {"iops": 12.5, "bw_bytes": 51200}, "write": {"iops": 0}}]}""");
        Assert.Equal(12.5, values["iops"]);
        Assert.Equal(51200, values["bw_bytes"]);
    }

    [Fact]
    public void OfATrial_ArePointsByTheirFirstNumber()
    {
        IReadOnlyDictionary<string, double> values = Readings.Of(
            Tool.Trial,
            """{"cost_ns": 28.5, "regions": [{"regions": 1, "ns_per_region": 40}, {"regions": 64, "ns_per_region": 42}], "depths": [{"depth": 32, "ns_per_request": 50, "bare_ns": 20}]}""");
        Assert.Equal("cost_ns depths.32 depths_bare_ns.32 regions.1 regions.64", string.Join(' ', values.Keys));
        Assert.Equal(42, values["regions.64"]);
    }

    [Theory]
    [InlineData(nameof(Tool.Dmio), "no document")]
    [InlineData(nameof(Tool.Dmio), "[1]")]
    [InlineData(nameof(Tool.Fio), "{}")]
    [InlineData(nameof(Tool.Trial), """{"regions": [{"regions": 1}]}""")]
    public void OfSomethingElse_AreRefused_WithWhatItWas(string tool, string output) =>
        Assert.Contains(output, Assert.Throws<ChildException>(() => Readings.Of(Enum.Parse<Tool>(tool), output)).Message, StringComparison.Ordinal);

    [Fact]
    public async Task AFailingProgram_IsShown_WithItsCodeAndWhatItSaid()
    {
        ChildException exception = await Assert.ThrowsAsync<ChildException>(
            () => Child.RunAsync("sh", ["-c", "echo broken pipework >&2; exit 7"], TestContext.Current.CancellationToken));
        Assert.Contains("ended with 7", exception.Message, StringComparison.Ordinal);
        Assert.Contains("broken pipework", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AProgramThatIsNotThere_IsShown() => Assert.Contains(
        "no-such-program",
        (await Assert.ThrowsAsync<ChildException>(() => Child.RunAsync("no-such-program", [], TestContext.Current.CancellationToken))).Message,
        StringComparison.Ordinal);

    [Fact]
    public async Task AProgramThatDoesNotEnd_IsEnded()
    {
        ChildException exception = await Assert.ThrowsAsync<ChildException>(() => Child.RunAsync(
            "sh", ["-c", "echo started; sleep 1000"], input: "", TimeSpan.FromSeconds(0.2), TestContext.Current.CancellationToken));
        Assert.Contains("did not end", exception.Message, StringComparison.Ordinal);
        Assert.Contains("started", exception.Message, StringComparison.Ordinal);
    }
}
