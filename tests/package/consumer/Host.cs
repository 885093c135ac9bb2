using DmIoUring;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

// A generic host with a client: its settings come from the configuration, and the client ends with the host.
HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(null);
builder.Configuration["DmIoUring:Lanes"] = "2";
builder.Services.AddDmIoUring();
using IHost host = builder.Build();
await host.StartAsync();
DmIoClient client = host.Services.GetRequiredService<DmIoClient>();
string path = Path.Combine(Path.GetTempPath(), $"dmio-host-{Environment.ProcessId}");
try
{
    using BlockDevice device = BlockDevice.Open(path, new BlockDeviceOptions { Create = true, Length = 8192, Direct = false });
    using IoMemory memory = IoMemory.Allocate(4096);
    IoResult written = await client.WriteAsync(new IoRegion(device, 8, 8), memory);
    Console.WriteLine($"{client.GetLaneStatus().Count} lanes, written: {written}");
}
finally
{
    File.Delete(path);
}

await host.StopAsync();
