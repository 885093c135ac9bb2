using DmIoUring;
using DmIoUring.Testing;

// Writes block by block, with FUA, until the power is cut; then every block that was acknowledged must be there.
using StorageSimulation simulation = new(seed: 1);
SimulatedDisk disk = simulation.AddDisk(1 << 20);
int acknowledged = 0;
int found = 0;
using (DmIoClient client = simulation.CreateClient())
using (BlockDevice device = disk.Open())
using (IoMemory memory = IoMemory.Allocate(4096))
{
    memory.GetSpan().Fill(7);
    simulation.CutPowerAfter(3);
    while (client.Write(new IoRegion(device, acknowledged * 8, 8), memory, IoFlags.Fua).IsSuccess)
        acknowledged++;
    simulation.RestorePower();
    while (found < acknowledged && client.Read(new IoRegion(device, found * 8, 8), memory).IsSuccess && memory.GetSpan()[^1] == 7)
        found++;
    Console.WriteLine($"{client.Capabilities.Ring}: cut at 3, {acknowledged} acknowledged, {found} found");
}
