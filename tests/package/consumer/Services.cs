using System.Runtime.InteropServices;
using DmIoUring;
using DmIoUring.Services;
using DmIoUring.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

// What stands on the library, in the language that a framework's compiler has by itself: a copy and a mirror of files, a host, simulated disks.
Console.WriteLine(RuntimeInformation.FrameworkDescription);
string folder = args[0];
BlockDeviceOptions file = new() { Create = true, Length = 16 << 20, Direct = false };
using BlockDevice source = BlockDevice.Open(Path.Combine(folder, "source"), file), copy = BlockDevice.Open(Path.Combine(folder, "copy"), file);
using BlockDevice left = BlockDevice.Open(Path.Combine(folder, "left-leg"), file), right = BlockDevice.Open(Path.Combine(folder, "right-leg"), file);
using IoMemory memory = IoMemory.Allocate(4096), again = IoMemory.Allocate(4096);
memory.GetSpan().Fill(0x5A);
await using DmIoClient client = new();

IoRegion region = new(source, 4096, 8);
if (!client.Write(region, memory).IsSuccess || !client.Flush(region).IsSuccess || !client.WriteZeroes(new IoRegion(source, 0, 8)).IsSuccess)
    throw new IOException("The source could not be written.");
await using (CopyService copies = new(client))
{
    CopyResult copied = await copies.CopyAsync(IoRegion.Whole(source), [IoRegion.Whole(copy)]);
    Console.WriteLine($"copied: {(copied.Outcome == CopyOutcome.Complete ? "ok" : copied)}, {File.ReadAllBytes(source.Path).Zip(File.ReadAllBytes(copy.Path)).Count(static pair => pair.First != pair.Second)} bytes differ");
}

MirrorCreateOptions create = new() { AssumeEqual = true, Checksums = true };
await using (MirrorDevice mirror = await MirrorDevice.CreateAsync(client, [left, right], create))
{
    MirrorResult written = await mirror.WriteAsync(2048, 8, memory);
    bool isSame = (await mirror.ReadAsync(2048, 8, again)).IsSuccess && again.GetSpan().SequenceEqual(memory.GetSpan());
    Console.WriteLine($"mirrored: {(written.IsSuccess ? "ok" : written)}, read back {(isSame ? "the same" : "OTHERWISE")}");
}

HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(null);
builder.Services.AddDmIoUring();
using (IHost host = builder.Build())
{
    await host.StartAsync();
    Console.WriteLine($"hosted: {host.Services.GetRequiredService<DmIoClient>().Write(region, memory)}");
    await host.StopAsync();
}

using StorageSimulation simulation = new(seed: 1);
SimulatedDisk disk = simulation.AddDisk(1 << 20);
using DmIoClient simulated = simulation.CreateClient();
using BlockDevice device = disk.Open();
Console.WriteLine($"simulated: {simulated.Write(new IoRegion(device, 0, 8), memory, IoFlags.Fua)}");
