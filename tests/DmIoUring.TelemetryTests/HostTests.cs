using System.Diagnostics.Metrics;
using DmIoUring.Extensions.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace DmIoUring.TelemetryTests;

/// <summary>A client in a real host.</summary>
public sealed class HostTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    /// <summary>Those who make their clients and reactors themselves bind and configure the library's own options.</summary>
    [Fact]
    public void TheLibrarysOwnOptions_AreBoundAndConfigured()
    {
        IConfiguration configuration = new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?>(StringComparer.Ordinal)
        {
            ["Client:Lanes"] = "3",
            ["Client:WaitPolicy"] = "Sleep",
            ["Client:LaneProcessors:0"] = "1",
            ["Reactor:QueueDepth"] = "64",
            ["Device:Create"] = "true",
            ["Device:Length"] = "8192",
        }).Build();
        ServiceCollection services = new();
        services.Configure<DmIoOptions>(configuration.GetSection("Client")).PostConfigure<DmIoOptions>(static options => options.SyncRings = 2);
        services.Configure<IoReactorOptions>(configuration.GetSection("Reactor")).PostConfigure<IoReactorOptions>(static options => options.CanBeWoken = true);
        services.Configure<BlockDeviceOptions>(configuration.GetSection("Device")).PostConfigure<BlockDeviceOptions>(static options => options.Direct = false);
        using ServiceProvider provider = services.BuildServiceProvider();
        DmIoOptions client = provider.GetRequiredService<IOptions<DmIoOptions>>().Value;
        Assert.Equal((3, IoWaitPolicy.Sleep, 2), (client.Lanes, client.WaitPolicy, client.SyncRings));
        Assert.Equal([1], client.LaneProcessors);
        IoReactorOptions reactor = provider.GetRequiredService<IOptions<IoReactorOptions>>().Value;
        Assert.Equal((64, true), (reactor.QueueDepth, reactor.CanBeWoken));
        BlockDeviceOptions device = provider.GetRequiredService<IOptions<BlockDeviceOptions>>().Value;
        Assert.Equal((true, 8192, false), (device.Create, device.Length, device.Direct));
    }

    [Fact]
    public async Task TheClient_HasTheConfigurationsSettings_AndEndsWithTheHost()
    {
        using OpenFile file = new();
        using IoMemory data = IoMemory.Allocate(4096);
        using LogRecorder log = new();
        DmIoClient client;
        IHost host = Host(
            log,
            ("DmIoUring:Lanes", "3"),
            ("DmIoUring:Name", "configured"),
            ("DmIoUring:RequestTimeLimit", "00:00:20"),
            ("DmIoUring:Ring", "Workers"),
            ("DmIoUring:LaneProcessors:0", "0"),
            ("DmIoUring:SpinShare", "0.25"),
            ("DmIoUring:ReservedPages", "16"));
        try
        {
            await host.StartAsync();
            client = host.Services.GetRequiredService<DmIoClient>();
            Assert.Same(client, host.Services.GetRequiredService<DmIoClient>());
            Assert.Equal(3, client.GetLaneStatus().Count);
            Assert.Equal("worker threads", client.Capabilities.Ring);
            Assert.Equal(16, client.Pages.ReservedPages);
            DmIoOptions options = host.Services.GetRequiredService<IOptions<DmIoSettings>>().Value.ToOptions();
            Assert.Equal((TimeSpan.FromSeconds(20), 0.25, 256), (options.RequestTimeLimit, options.SpinShare, options.QueueDepth));
            Assert.Equal([0], options.LaneProcessors);

            using MeterRecorder recorder = new(host.Services.GetRequiredService<IMeterFactory>());
            Assert.True((await client.WriteAsync(file.Region(0, 8), data)).IsSuccess);
            Assert.Equal(4096, recorder.Collect("dmio.disk.io", ("system.device", file.Path)));
            Assert.NotNull(recorder.Collect("dmio.ring.entries", ("dmio.driver", "configured")));
            Assert.False((await client.WriteAsync(file.Region(4096, 8), data)).IsSuccess);
            Assert.Contains(log.Lines, static line => line.Id == 1);
            await host.StopAsync();
        }
        finally
        {
            await ((IAsyncDisposable)host).DisposeAsync();
        }

        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await client.WriteAsync(file.Region(0, 8), data));
        Assert.Equal(0, client.Pages.ReservedPages);
    }

    [Fact]
    public async Task WithoutASection_TheDefaultsHold()
    {
        using IHost host = Host(log: null);
        await host.StartAsync();
        Assert.Single(host.Services.GetRequiredService<DmIoClient>().GetLaneStatus());
        Assert.Equal(new DmIoOptions(), host.Services.GetRequiredService<IOptions<DmIoSettings>>().Value.ToOptions());
        await host.StopAsync();
    }

    [Theory]
    [InlineData("Lanes", "65", "Lanes must be 1 to 64")]
    [InlineData("ChunkBytes", "4097", "ChunkBytes must be a multiple of 4096 bytes")]
    [InlineData("ReservedPages", "-1", "ReservedPages is -1; it must be 0 to 268435456")]
    [InlineData("StallLimit", "00:00:00", "StallLimit is 00:00:00; it must be more than zero")]
    [InlineData("OldestRequestLimit", "-00:00:01", "OldestRequestLimit is -00:00:01; it must be more than zero")]
    [InlineData("Lane", "2", "Lane")]
    [InlineData("Ring", "Rings", "Rings")]
    public async Task AWrongSetting_IsRefusedWhenTheHostStarts(string key, string value, string message)
    {
        using IHost host = Host(log: null, ($"DmIoUring:{key}", value));
        Exception refused = await Assert.ThrowsAnyAsync<Exception>(() => host.StartAsync());
        Assert.Contains(message, refused.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task SettingsFromCode_AreCheckedToo()
    {
        HostApplicationBuilder builder = Microsoft.Extensions.Hosting.Host.CreateEmptyApplicationBuilder(null);
        builder.Services.AddDmIoUring(static settings => settings.QueueDepth = 0);
        using IHost host = builder.Build();
        OptionsValidationException refused = await Assert.ThrowsAsync<OptionsValidationException>(() => host.StartAsync());
        Assert.Contains("QueueDepth must be 1 to 32768", refused.Message, StringComparison.Ordinal);
    }

    /// <summary>What a configuration can't hold is left to code.</summary>
    [Fact]
    public void EveryOption_IsASetting()
    {
        string[] inCode = ["CallbackFailed", "DisposeGaveUp", "LoggerFactory", "MeterFactory"];
        IEnumerable<string> options = typeof(DmIoOptions).GetProperties().Where(static property => property.CanWrite).Select(static property => property.Name);
        IEnumerable<string> settings = typeof(DmIoSettings).GetProperties().Select(static property => property.Name);
        Assert.Empty(options.Except(settings, StringComparer.Ordinal).Except(inCode, StringComparer.Ordinal));
    }

    [Fact]
    public async Task TheHealthCheck_FailsWhileACallbackHoldsALane()
    {
        using OpenFile file = new();
        using IoMemory data = IoMemory.Allocate(4096);
        using ManualResetEventSlim held = new();
        using ManualResetEventSlim release = new();
        using IHost host = Host(log: null, ("DmIoUring:StallLimit", "00:00:00.001"));
        await host.StartAsync();
        HealthCheckService health = host.Services.GetRequiredService<HealthCheckService>();
        DmIoClient client = host.Services.GetRequiredService<DmIoClient>();
        Assert.Equal(HealthStatus.Healthy, (await health.CheckHealthAsync()).Status);
        client.SubmitRead(file.Region(0, 8), data, (_, _) =>
        {
            held.Set();
            release.Wait(Limit);
        });
        Assert.True(held.Wait(Limit));
        Assert.True(SpinWait.SpinUntil(() => client.GetLaneStatus()[0].DispatchingFor > TimeSpan.FromMilliseconds(1), Limit));
        HealthReport report = await health.CheckHealthAsync();
        Assert.Equal(HealthStatus.Unhealthy, report.Status);
        Assert.Contains("Lane 0 has been in callbacks for", report.Entries["dmio"].Description, StringComparison.Ordinal);
        Assert.Contains(file.Device.Path, report.Entries["dmio"].Description, StringComparison.Ordinal);
        Assert.Equal(file.Device.Path, client.GetLaneStatus()[0].LastDevice);
        Assert.True(client.Statistics.LongestDispatch > TimeSpan.FromMilliseconds(1), "While a callback blocks, its time counts already.");
        release.Set();
        Assert.True(SpinWait.SpinUntil(() => client.GetLaneStatus()[0].DispatchingFor == TimeSpan.Zero, Limit));
        Assert.Equal(HealthStatus.Healthy, (await health.CheckHealthAsync()).Status);
        await host.StopAsync();
    }

    /// <summary>No request takes less than the limit, so any that a look finds under way is too old.</summary>
    [Fact]
    public async Task TheHealthCheck_FailsWhereARequestIsTooOld()
    {
        using OpenFile file = new();
        using IoMemory data = IoMemory.Allocate(4096);
        using IHost host = Host(log: null, ("DmIoUring:StallLimit", "01:00:00"), ("DmIoUring:OldestRequestLimit", "00:00:00.0000001"));
        await host.StartAsync();
        HealthCheckService health = host.Services.GetRequiredService<HealthCheckService>();
        DmIoClient client = host.Services.GetRequiredService<DmIoClient>();
        bool ends = false;
        void Again(IoResult result, object? context)
        {
            if (!Volatile.Read(ref ends))
                client.SubmitRead(file.Region(0, 8), data, Again);
        }

        for (int i = 0; i < 8; i++)
            Again(default, null);
        HealthReport report;
        long began = Environment.TickCount64;
        do
        {
            report = await health.CheckHealthAsync();
        }
        while (report.Status == HealthStatus.Healthy && Environment.TickCount64 - began < Limit.TotalMilliseconds);
        Assert.Equal(HealthStatus.Unhealthy, report.Status);
        Assert.StartsWith("A request has been under way for ", report.Entries["dmio"].Description, StringComparison.Ordinal);
        Assert.Contains(file.Path, report.Entries["dmio"].Description, StringComparison.Ordinal);
        Volatile.Write(ref ends, true);
        await host.StopAsync();
    }

    private static IHost Host(LogRecorder? log, params (string Key, string Value)[] settings)
    {
        HostApplicationBuilder builder = Microsoft.Extensions.Hosting.Host.CreateEmptyApplicationBuilder(null);
        builder.Configuration.AddInMemoryCollection(settings.Select(static setting => new KeyValuePair<string, string?>(setting.Key, setting.Value)));
        builder.Services.AddMetrics();
        builder.Services.AddDmIoUring();
        builder.Services.AddHealthChecks().AddDmIoUring();
        if (log is not null)
            builder.Services.AddSingleton<ILoggerFactory>(log);
        return builder.Build();
    }
}
