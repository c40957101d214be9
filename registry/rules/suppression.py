"""The suppression list is one of addresses: what somebody opted out of goes with the address, whoever has it in the CRM."""

from registry.choices import Channel

# What an address carries of the opt-outs of whoever has it. An IIN tells the person: whatever they opted out of goes with it.
CARRIES = {
    "iin": tuple(Channel.values),
    "email": (Channel.EMAIL.value,),
    "phone": (Channel.CALL.value, Channel.MESSAGE.value),
}
