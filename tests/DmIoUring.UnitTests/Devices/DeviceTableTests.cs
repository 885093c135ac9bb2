using DmIoUring.Devices;
using DmIoUring.Interop;
using DmIoUring.ScratchDevices;
using DmIoUring.TestSupport;

namespace DmIoUring.UnitTests.Devices;

public sealed class DeviceTableTests : IDisposable
{
    private readonly ScratchFile _file = ScratchFile.Create(4096);

    public void Dispose() => _file.Dispose();

    [Fact]
    public void AHeldDevice_StaysOpenAfterDispose_UntilItsLastLegHasLeft()
    {
        DeviceTable table = new();
        BlockDevice device = Open();
        int slot = table.Enter(device);
        Assert.Equal(slot, table.Enter(device));
        Assert.True(table.IsHeld(device));
        Assert.Equal(slot, table.EnterHeld(device));
        device.Dispose();
        for (int left = 3; left > 0; left--)
        {
            table.ReleaseDisposed();
            Assert.Equal((1, true), (OpenOnes(), table.HasReleaseRequests));
            table.Exit(slot);
        }

        table.ReleaseDisposed();
        Assert.Equal((0, false), (OpenOnes(), table.HasReleaseRequests));
    }

    [Fact]
    public void ADisposedDevice_IsEnteredNoMore_ThoughItIsStillHeld()
    {
        DeviceTable table = new();
        BlockDevice device = Open();
        table.Exit(table.Enter(device));
        device.Dispose();
        Assert.Throws<ObjectDisposedException>(() => table.Enter(device));
        Assert.False(table.IsHeld(device));
        table.Close();
        Assert.Equal(0, OpenOnes());
    }

    [Fact]
    public void ADeviceIsHeld_FromItsFirstLegOn()
    {
        DeviceTable table = new();
        using BlockDevice device = Open();
        Assert.False(table.IsHeld(device));
        table.Exit(table.Enter(device));
        Assert.True(table.IsHeld(device));
        table.Close();
    }

    [Fact]
    public void ALegsOwnReference_IsGivenBackForASlot()
    {
        DeviceTable table = new();
        BlockDevice device = Open();
        device.AddReference();
        int slot = table.Adopt(device);
        Assert.NotEqual(DeviceTable.NoSlot, slot);
        table.Exit(slot);
        device.Dispose();
        table.ReleaseDisposed();
        Assert.Equal(0, OpenOnes());
    }

    [Fact]
    public void ADeviceDisposedOnItsWay_KeepsItsOwnReference()
    {
        DeviceTable table = new();
        BlockDevice device = Open();
        device.AddReference();
        device.Dispose();
        Assert.Equal(DeviceTable.NoSlot, table.Adopt(device));
        table.ReleaseDisposed();
        Assert.Equal(1, OpenOnes());
        device.Release();
        Assert.Equal(0, OpenOnes());
    }

    [Fact]
    public void WithEverySlotBusy_ADeviceCountsItself_UntilASlotIsFree()
    {
        DeviceTable table = new();
        BlockDevice[] devices = [.. Enumerable.Range(0, DeviceTable.Slots).Select(_ => Open())];
        int[] slots = [.. devices.Select(device => table.Enter(device))];
        Assert.Equal(DeviceTable.Slots, slots.Distinct().Count());
        BlockDevice late = Open();
        Assert.Equal(DeviceTable.NoSlot, table.Enter(late));
        late.Release();

        table.Exit(slots[7]);
        Assert.Equal(slots[7], table.Enter(late));
        Assert.False(table.IsHeld(devices[7]));
        table.Close();
        Array.ForEach(devices, static device => device.Dispose());
        late.Dispose();
        Assert.Equal(0, OpenOnes());
    }

    [Fact]
    public void AFile_LeavesTheRing_BeforeItsSlotIsUsedAgain()
    {
        List<(int Slot, int Descriptor)> registered = [];
        int answer = 0;
        DeviceTable table = new((slot, descriptor) =>
        {
            registered.Add((slot, descriptor));
            return answer;
        });
        BlockDevice first = Open();
        int number = first.Descriptor;
        int slot = table.Enter(first);
        Assert.Equal((slot, IoUring.IOSQE_FIXED_FILE), (table[slot].File, table[slot].EntryFlags));
        table.Exit(slot);
        first.Dispose();
        table.ReleaseDisposed();
        Assert.Equal([(slot, number), (slot, -1)], registered);

        answer = -Errno.ENOMEM;
        using BlockDevice second = Open();
        slot = table.Enter(second);
        Assert.Equal((second.Descriptor, (byte)0), (table[slot].File, table[slot].EntryFlags));
        table.Exit(slot);
        registered.Clear();
        table.Close();
        Assert.Empty(registered);
    }

    [Fact]
    public void AfterClose_NothingIsHeld_AndWhoAsksIsAnswered()
    {
        DeviceTable table = new() { WakeOwner = static () => { } };
        using BlockDevice before = Open();
        table.Exit(table.Enter(before));
        Task asked = table.ReleaseDisposedAsync();
        Assert.False(asked.IsCompleted);
        table.Close();
        Assert.True(asked.Wait(Notification.Limit));
        Assert.True(table.ReleaseDisposedAsync().Wait(Notification.Limit));
        using BlockDevice after = Open();
        Assert.Equal(DeviceTable.NoSlot, table.Enter(after));
        after.Release();
    }

    /// <summary>Who asks while the owner looks is answered when the owner has looked again: its device may lie behind the owner's back.</summary>
    [Fact]
    public void WhoAsksWhileTheOwnerLooks_IsAnsweredByTheNextLook()
    {
        Task? asked = null;
        BlockDevice? passedBy = null;
        DeviceTable table = null!;
        table = new((_, descriptor) =>
        {
            if (descriptor >= 0 || asked is not null)
                return 0;
            Thread other = new(() =>
            {
                passedBy!.Dispose();
                asked = table.ReleaseDisposedAsync();
            });
            other.Start();
            Assert.True(other.Join(Notification.Limit));
            return 0;
        })
        {
            WakeOwner = static () => { },
        };
        table.Enable();
        BlockDevice[] pair = [Open(), Open()];
        int[] slots = [.. pair.Select(device => table.Enter(device))];
        Array.ForEach(slots, table.Exit);
        passedBy = pair[slots[0] < slots[1] ? 0 : 1];
        BlockDevice met = pair[slots[0] < slots[1] ? 1 : 0];

        met.Dispose();

        Assert.Equal(1, OpenOnes());
        Assert.False(asked!.IsCompleted);
        Assert.True(table.HasReleaseRequests);
        table.ReleaseDisposed();
        Assert.True(asked.Wait(Notification.Limit));
        Assert.Equal(0, OpenOnes());
    }

    private BlockDevice Open() => BlockDevice.Open(_file.Path, new BlockDeviceOptions { Direct = false });

    /// <summary>Descriptors of the file that this process has open.</summary>
    private int OpenOnes() => OpenDescriptors.Of(_file.Path);
}
