// A generic host with a client, a health check, and a listener for the client's metrics, as OpenTelemetry's SDK is one.
//
//     sample-host-with-metrics FILE [--DmIoUring:Lanes=2 ...]
using System.Diagnostics.Metrics;
using System.Globalization;
using System.Runtime.Versioning;
using DmIoUring;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;

[assembly: SupportedOSPlatform("linux")]

if (args.Length == 0 || args[0].StartsWith('-'))
{
    Console.Error.WriteLine("sample-host-with-metrics FILE [--DmIoUring:Lanes=2 ...]: the file is made where there is none, and OVERWRITTEN.");
    return 2;
}

HostApplicationBuilder builder = Host.CreateApplicationBuilder(args[1..]);
builder.Services.AddDmIoUring();
builder.Services.AddHealthChecks().AddDmIoUring();
using IHost host = builder.Build();

SortedDictionary<string, double> seen = new(StringComparer.Ordinal);
using MeterListener listener = new()
{
    InstrumentPublished = static (instrument, listener) =>
    {
        if (string.Equals(instrument.Meter.Name, "DmIoUring", StringComparison.Ordinal))
            listener.EnableMeasurementEvents(instrument);
    },
};
listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Note(instrument, value, tags));
listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => Note(instrument, value, tags));
listener.Start();

await host.StartAsync();
int failed = 0;
DmIoClient client = host.Services.GetRequiredService<DmIoClient>();
using (BlockDevice device = BlockDevice.Open(args[0], new BlockDeviceOptions { Create = true, Length = 1 << 20, Direct = false }))
using (IoMemory memory = IoMemory.Allocate(4096))
{
    for (int i = 0; i < 256; i++)
        failed += (await client.WriteAsync(new IoRegion(device, i * 8, 8), memory)).IsSuccess ? 0 : 1;
    failed += (await client.FlushAsync(new IoRegion(device, 0, 0))).IsSuccess ? 0 : 1;
    listener.RecordObservableInstruments();
}

HealthReport health = await host.Services.GetRequiredService<HealthCheckService>().CheckHealthAsync();
await host.StopAsync();
Console.WriteLine($"health: {health.Status}");
lock (seen)
{
    foreach ((string name, double value) in seen)
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{name} = {value:0.######}"));
}

return health.Status == HealthStatus.Healthy && failed == 0 ? 0 : 1;

// Histograms as sums here; an exporter keeps their buckets.
void Note(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
{
    string name = instrument.Name;
    foreach (KeyValuePair<string, object?> tag in tags)
        name += string.Create(CultureInfo.InvariantCulture, $" {tag.Key}={tag.Value}");
    lock (seen)
        seen[name] = instrument.IsObservable ? value : seen.GetValueOrDefault(name) + value;
}
