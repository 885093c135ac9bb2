using System.Runtime.CompilerServices;
using DmIoUring.TestSupport;

namespace DmIoUring.DeviceTests.Client;

/// <summary>What is left of a client that was disposed: nothing.</summary>
[Collection(AloneCollection.Name)]
public sealed class ResidueTests
{
    [Fact]
    public void DisposedClients_LeaveNoDescriptors()
    {
        using TestDevice device = new();
        UseAndDispose(device);

        // What earlier tests left to finalizers goes now, or it would go while this one counts.
        GC.Collect();
        GC.WaitForPendingFinalizers();
        int before = Descriptors();
        for (int i = 0; i < 20; i++)
            UseAndDispose(device);
        Assert.InRange(Descriptors(), 0, before);
    }

    [Fact]
    public void ADisposedClient_IsCollected_ThoughAThreadLivesOnThatUsedIt()
    {
        using TestDevice device = new();
        WeakReference owner = UseAndDispose(device);
        for (int i = 0; i < 10 && owner.IsAlive; i++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }

        Assert.False(owner.IsAlive, "Something still refers to the client's options.");
    }

    [Fact]
    public void ADevicePassedToAClient_IsCollected_WhenBothAreDone()
    {
        using DmIoClient client = new();
        WeakReference device = UseAndForget(client);
        for (int i = 0; i < 10 && device.IsAlive; i++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }

        Assert.False(device.IsAlive, "The client still refers to a device that it has no request on.");
    }

    /// <summary>Every way of using a client, on this thread, which lives on.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static WeakReference UseAndDispose(TestDevice device)
    {
        List<Exception> owner = [];
        using DmIoClient client = new(new DmIoOptions { Lanes = 2, CallbackFailed = owner.Add });
        Use(client, device);
        return new WeakReference(owner);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static WeakReference UseAndForget(DmIoClient client)
    {
        using TestDevice device = new();
        Use(client, device);
        return new WeakReference(device.Device);
    }

    private static void Use(DmIoClient client, TestDevice device)
    {
        using IoMemory memory = IoMemory.Allocate(4096);
        IoRegion[] regions = [device.Region(0, 8), device.Region(8, 8)];
        Notification notification = new();
        Assert.Equal(default, client.Read(regions[0], memory));
        Assert.Equal(default, client.Write(regions, memory));
        client.SubmitWrite(regions, memory, Notification.Arrived, notification);
        Assert.Equal(default, notification.Wait());
        Assert.Equal(default, client.WriteAsync(regions, memory).AsTask().GetAwaiter().GetResult());
    }

    private static int Descriptors() => Directory.GetFiles("/proc/self/fd").Length;
}
