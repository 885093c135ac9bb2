using System.Text.Json;
using DmIoUring.ScratchDevices;

namespace DmIoUring.CommandTests.Cli;

public sealed class BenchGarbageTests : IDisposable
{
    private readonly ScratchFile _file = ScratchFile.Create(1 << 20);

    public void Dispose() => _file.Dispose();

    [Fact]
    public async Task Garbage_IsReported_AndNotTakenForTheRunsOwn()
    {
        JsonElement report = await RunAsync("--garbage", "64M");
        Assert.Equal(64 << 20, report.GetProperty("settings").GetProperty("garbage").GetInt64());
        Assert.True(report.GetProperty("garbage_bytes_per_second").GetDouble() > 0);
        Assert.True(report.GetProperty("gc").GetProperty("pause_ns").GetDouble() >= 0);
        Assert.False(report.TryGetProperty("allocated_bytes_per_op", out _));
    }

    [Fact]
    public async Task WithoutGarbage_CollectionsAreReported_AndNoRate()
    {
        JsonElement report = await RunAsync();
        Assert.True(report.GetProperty("gc").GetProperty("gen0").GetInt32() >= 0);
        Assert.True(report.TryGetProperty("allocated_bytes_per_op", out _));
        Assert.False(report.TryGetProperty("garbage_bytes_per_second", out _));
        Assert.False(report.GetProperty("settings").TryGetProperty("garbage", out _));
    }

    [Fact]
    public async Task Garbage_IsShownToAPerson()
    {
        Dmio run = await Dmio.RunAsync(Arguments("--garbage", "64M"));
        Assert.Equal(0, run.ExitCode);
        Assert.Contains("allocated by another thread", run.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("0")]
    [InlineData("much")]
    [InlineData("65G")]
    public async Task Garbage_AtARateThatIsNone_IsRefused(string rate) =>
        (await Dmio.RunAsync(Arguments("--garbage", rate))).AssertRefused("--garbage", rate);

    private async Task<JsonElement> RunAsync(params string[] more)
    {
        Dmio run = await Dmio.RunAsync(Arguments([.. more, "--output-format", "json"]));
        Assert.Equal(0, run.ExitCode);
        return JsonDocument.Parse(run.Output).RootElement;
    }

    private string[] Arguments(params string[] more) =>
        ["bench", "--filename", _file.Path, "--driver", "sync", "--ramp", "0", "--runtime", "0.2", .. more];
}
