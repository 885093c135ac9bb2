using System.Runtime.CompilerServices;
using DmIoUring.Devices;

namespace DmIoUring.Engine;

/// <content>Devices that the engine holds open, as registered files: the kernel looks each up once instead of with every entry.</content>
internal sealed unsafe partial class IoEngine<TRing>
{
    private readonly bool _registersFiles;
    private bool _hasFileTable;
    private int _registerFilesErrno;

    public override int? RegisterFilesErrno => Volatile.Read(ref _registerFilesErrno) is var errno && (errno != 0 || Volatile.Read(ref _hasFileTable)) ? errno : null;

    private int RegisterFile(int slot, int descriptor)
    {
        if (!_registersFiles)
            return -1;
        int result = 0;
        if (!_hasFileTable)
        {
            if (_registerFilesErrno != 0)
                return -_registerFilesErrno;
            result = _ring.RegisterFileTable(DeviceTable.Slots);
            _hasFileTable = result >= 0;
        }

        if (result >= 0)
            result = _ring.RegisterFile(slot, descriptor);
        if (result < 0)
            Volatile.Write(ref _registerFilesErrno, -result);
        return result;
    }

    /// <summary>Replaces the submitter's references to a request's devices by slots of the engine's table.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void HoldDevices(Request request, DeviceTable devices)
    {
        for (int i = 0; i < request.LegCount; i++)
        {
            ref Leg leg = ref request.Legs[i];
            if (leg.Slot == DeviceTable.NoSlot)
                leg.Slot = devices.Adopt(leg.Device);
        }
    }
}
